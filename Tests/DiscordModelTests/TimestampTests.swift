import DiscordModel
import Foundation
import TestSupport
import Testing

@Suite("Timestamps")
struct TimestampTests {
    @Test("Instants agree with Foundation's calendar, before and after the epoch and over leap years")
    func agreement() throws {
        let formatter = ISO8601DateFormatter()
        var random = SeededGenerator(seed: 1)
        for _ in 0..<2000 {
            let seconds = Int64.random(in: -62_000_000_000...200_000_000_000, using: &random)
            // Foundation switches to the Julian calendar before 1582; Discord began in 2015.
            guard seconds > -12_000_000_000 else { continue }
            let text = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            #expect(Timestamp(text)?.milliseconds == seconds * 1000, "\(text)")
            #expect(Timestamp(Timestamp(milliseconds: seconds * 1000).description)?.milliseconds == seconds * 1000)
        }
    }

    @Test("Offsets and fractions")
    func offsets() {
        #expect(Timestamp("1970-01-01T00:00:00.9999999Z")?.milliseconds == 999)
        #expect(Timestamp("1970-01-01T03:30:00+03:30")?.milliseconds == 0)
        #expect(Timestamp("1969-12-31T23:00:00-0100")?.milliseconds == 0)
        #expect(Timestamp(milliseconds: 1_795_247_625_123).description == "2026-11-21T07:53:45.123+00:00")
        #expect(Timestamp(milliseconds: -1).description == "1969-12-31T23:59:59.999+00:00")
    }

    @Test(
        "Everything else is refused",
        arguments: [
            "", "2026", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx",
            "2026-1-01T00:00:00Z",
        ]
    )
    func refused(_ text: String) {
        #expect(Timestamp(text) == nil)
    }
}
