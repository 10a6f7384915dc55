import NIOHTTP1
import Testing

@testable import DiscordREST

@Suite("Limit headers")
struct LimitReportTests {
    @Test("What a usual answer says")
    func usual() {
        let report = LimitReport(
            [
                "X-RateLimit-Bucket": "abcd", "X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "4",
                "X-RateLimit-Reset-After": "0.75", "X-RateLimit-Reset": "1795000000.123",
            ],
            status: 200,
            body: []
        )
        #expect(report.reset == .milliseconds(1_795_000_000_123))
        #expect(report.bucket == "abcd" && report.limit == 5 && report.remaining == 4)
        #expect(report.resetAfter == .milliseconds(750))
        #expect(report.rejection == nil)
    }

    @Test(
        "Numbers that cannot be are as if they were not there, and a bucket that learns of them goes on",
        arguments: ["-1", "\(Int.min)", "9223372036854775808", "nan", "", "5 5"]
    )
    func impossible(text: String) {
        let report = LimitReport(
            [
                "X-RateLimit-Limit": text, "X-RateLimit-Remaining": text, "X-RateLimit-Reset-After": text,
                "X-RateLimit-Reset": text,
            ],
            status: 429,
            body: Array(#"{"retry_after":-1}"#.utf8)
        )
        #expect(report.limit == nil && report.remaining == nil && report.reset == nil)
        #expect(report.rejection?.retryAfter == .seconds(60))
        var bucket = Bucket()
        bucket.take()
        bucket.take()
        bucket.learn(report, .now)
        #expect(bucket.limit == Bucket.Limit.none)
    }

    @Test("Waits are an hour at most")
    func bounds() {
        let report = LimitReport(
            ["X-RateLimit-Reset-After": "1e300", "Retry-After": "1e300"],
            status: 429,
            body: []
        )
        #expect(report.resetAfter == .seconds(3600))
        #expect(report.rejection?.retryAfter == .seconds(3600))
    }
}
