import CommandKit
import Testing

@testable import CommunityCore

@Suite("texts of community")
struct CommunityTextsTests {
    @Test("every language has every text, with the same arguments")
    func complete() throws {
        #expect(try CommunityTexts.catalogue().problems == [])
    }
}
