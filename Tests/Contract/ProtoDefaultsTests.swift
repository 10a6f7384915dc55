import BusContract
import DiscordModel
import Foundation
import Testing

@Suite("proto3 JSON mapping of the Codable types")
struct ProtoDefaultsTests {
    @Test("fields at their default may be absent")
    func absentFields() throws {
        let json = Data(#"{"bot":"iris","method":"GET","path":"/gateway"}"#.utf8)
        let request = try JSONDecoder().decode(ExecuteREST.self, from: json)
        #expect(request.query.isEmpty && request.body.isEmpty && request.lane.rawValue.isEmpty)
    }

    @Test("64-bit numbers are written as strings and read as either")
    func wideNumbers() throws {
        let report = ReportPlayer(
            bot: try #require(BotID(rawValue: "iris")),
            guild: GuildID(7),
            kind: .trackEnd,
            generation: 9_007_199_254_740_993
        )
        let text = String(decoding: try JSONEncoder().encode(report), as: UTF8.self)
        #expect(text.contains(#""generation":"9007199254740993""#))
        #expect(try JSONDecoder().decode(ReportPlayer.self, from: Data(text.utf8)) == report)
        let number = #"{"bot":"iris","guild":"7","kind":"trackEnd","generation":12}"#
        #expect(try JSONDecoder().decode(ReportPlayer.self, from: Data(number.utf8)).generation == 12)
    }

    @Test("unknown enumeration values survive")
    func openEnumerations() throws {
        let lane = try JSONDecoder().decode([Lane].self, from: Data(#"["express"]"#.utf8))
        #expect(try JSONEncoder().encode(lane) == Data(#"["express"]"#.utf8))
    }
}
