import CommandKit
import Testing

@testable import SchedulerCore

@Suite("texts of scheduler")
struct SchedulerTextsTests {
    @Test("every language has every text, with the same arguments")
    func complete() throws {
        #expect(try SchedulerTexts.catalogue().problems == [])
    }
}
