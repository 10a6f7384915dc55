import DiscordModel
import Foundation
import Testing

@testable import GatewayCore
@testable import Store

/// What the table of bots asks of a process.
@Suite struct RosterChangeTests {
    private func bot(_ name: String) throws -> BotID { try #require(BotID(rawValue: name)) }

    private func record(_ name: String, _ source: BotRecord.Source) throws -> BotRecord {
        BotRecord(
            bot: try bot(name),
            source: source,
            tokenReference: "file:\(name)",
            isPrimary: false,
            desired: .running,
            state: "stopped",
            reason: "",
            username: "",
            user: nil,
            application: nil,
            shards: 1,
            since: Date(timeIntervalSince1970: 0)
        )
    }

    @Test func addedBotsJoinAndRemovedOnesLeave() throws {
        let change = RosterChange(
            present: try ["rainbow", "iris", "nova"].map(bot),
            fixed: Set(try ["rainbow", "iris"].map(bot)),
            records: [try record("rainbow", .file), try record("vega", .api), try record("old", .file)]
        )
        // Iris's row may be gone, and an old one of the file's there: the file alone says whether it runs.
        #expect(change.joining.map(\.bot.rawValue) == ["vega"])
        #expect(change.leaving.map(\.rawValue) == ["nova"])
    }

    @Test func whoIsThereStays() throws {
        let change = RosterChange(
            present: try ["rainbow", "nova"].map(bot),
            fixed: [try bot("rainbow")],
            records: [try record("nova", .api), try record("rainbow", .api)]
        )
        #expect(change.joining.isEmpty && change.leaving.isEmpty)
    }
}
