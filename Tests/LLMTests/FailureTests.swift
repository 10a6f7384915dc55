import Testing

@testable import LLM

@Suite("Errors and deadlines")
struct FailureTests {
    @Test(
        "HTTP answers and what they mean",
        arguments: [
            (401, #"{"error":{"message":"x","code":"invalid_api_key"}}"#, LanguageModelError.Code.authentication),
            (403, "", .authentication),
            (402, "", .quotaExhausted),
            (429, #"{"error":{"message":"x","type":"insufficient_quota"}}"#, .quotaExhausted),
            (429, #"{"error":{"message":"x","type":"tokens"}}"#, .rateLimited),
            (400, #"{"error":{"message":"too long","code":"context_length_exceeded"}}"#, .contextTooLong),
            (400, #"{"type":"error","error":{"message":"prompt is too long: 9"}}"#, .contextTooLong),
            (413, "", .contextTooLong),
            (404, #"{"error":"model 'x' not found"}"#, .refusedRequest),
            (400, "not json", .refusedRequest),
            (408, "", .timeout),
            (500, "<html>oops</html>", .overloaded),
            (529, #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, .overloaded),
        ]
    )
    func statuses(status: Int, body: String, code: LanguageModelError.Code) {
        let error = ProviderFailure.error(
            status: status,
            body: Array(body.utf8),
            retryAfter: nil,
            retryAfterMilliseconds: nil
        )
        #expect(error.code == code)
        #expect(error.status == status)
    }

    @Test("The wait that headers ask for")
    func waits() {
        #expect(ProviderFailure.wait(seconds: "2", milliseconds: nil) == .seconds(2))
        #expect(ProviderFailure.wait(seconds: "0.25", milliseconds: nil) == .milliseconds(250))
        #expect(ProviderFailure.wait(seconds: "2", milliseconds: "1500") == .milliseconds(1500))
        for text in ["-1", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "inf", "1e99", ""] {
            #expect(ProviderFailure.wait(seconds: text, milliseconds: nil) == nil)
        }
    }

    @Test("What can succeed later without anybody's help")
    func retriable() {
        let transient: [LanguageModelError.Code] = [.rateLimited, .overloaded, .badResponse, .timeout, .connection]
        for code in transient { #expect(LanguageModelError(code, "").isRetriable) }
        let lasting: [LanguageModelError.Code] = [.authentication, .quotaExhausted, .contextTooLong, .refusedRequest]
        for code in lasting { #expect(!LanguageModelError(code, "").isRetriable) }
    }

    private let limits = StreamLimits(firstToken: .seconds(10), idle: .seconds(3), total: .seconds(30))

    @Test("Comments do not put off the deadline of the first token")
    func firstToken() {
        var watch = StreamWatch(limits)
        watch.receivedBytes(at: .seconds(9))
        #expect(watch.expiry == .seconds(10))
        #expect(watch.error(at: .seconds(9)) == nil)
        #expect(watch.error(at: .seconds(10))?.code == .timeout)
    }

    @Test("After the first token, every receipt puts off the idle deadline, never beyond the total")
    func idle() {
        var watch = StreamWatch(limits)
        watch.receivedToken(at: .seconds(5))
        #expect(watch.expiry == .seconds(8))
        watch.receivedBytes(at: .seconds(7))
        #expect(watch.expiry == .seconds(10))
        watch.receivedToken(at: .seconds(29))
        #expect(watch.expiry == .seconds(30))
        #expect(watch.error(at: .seconds(30))?.message.contains("not complete") == true)
    }
}
