import CommandKit
import Testing

@testable import ModerationCore

@Suite("texts of moderation")
struct ModerationTextsTests {
    @Test("every language has every text, with the same arguments")
    func complete() throws {
        #expect(try ModerationTexts.catalogue().problems == [])
    }
}
