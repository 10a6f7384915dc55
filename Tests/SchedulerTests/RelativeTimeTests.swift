import Testing

@testable import SchedulerCore

@Suite("times that members write")
struct RelativeTimeTests {
    @Test(
        "read",
        arguments: [
            ("10m", 600), ("1h30m", 5_400), ("2d", 172_800), ("1w", 604_800), ("90", 5_400),
            ("1 hour, 5 minutes", 3_900),
            ("5S", 5), ("10 хв", 600), ("2ч", 7_200),
        ]
    )
    func read(text: String, seconds: Int64) {
        #expect(RelativeTime(text)?.seconds == seconds)
    }

    @Test(
        "refused",
        arguments: ["", "soon", "10x", "-5m", "1.5h", "m", "99999999999999999999m", "9999999999w", "١٠m", "10m now"]
    )
    func refused(text: String) {
        #expect(RelativeTime(text) == nil)
    }
}
