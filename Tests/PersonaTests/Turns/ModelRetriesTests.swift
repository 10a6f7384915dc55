import CommandKit
import LLM
import Testing

@testable import PersonaCore

@Suite("When a model fails")
struct ModelRetriesTests {
    @Test("It is asked again with growing waits, then the member is told")
    func ladder() {
        var retries = ModelRetries(deadline: .seconds(100))
        let error = LanguageModelError(.overloaded, "x")
        #expect(
            retries.decide(error, elapsed: .zero, jitter: 0) == .retry(after: .milliseconds(500), shorterContext: false)
        )
        #expect(retries.decide(error, elapsed: .zero, jitter: 1) == .retry(after: .seconds(4), shorterContext: false))
        #expect(retries.decide(error, elapsed: .zero, jitter: 0) == .retry(after: .seconds(6), shorterContext: false))
        #expect(retries.decide(error, elapsed: .zero, jitter: 0) == .tell(.busy))
    }

    @Test("The provider's wait is kept, unless it is too long for a member who waits")
    func retryAfter() {
        var retries = ModelRetries(deadline: .seconds(100))
        let short = LanguageModelError(.rateLimited, "x", retryAfter: .seconds(9))
        #expect(retries.decide(short, elapsed: .zero, jitter: 0) == .retry(after: .seconds(9), shorterContext: false))
        let long = LanguageModelError(.rateLimited, "x", retryAfter: .seconds(60))
        #expect(retries.decide(long, elapsed: .zero, jitter: 0) == .tell(.busy))
    }

    @Test("Nothing is tried beyond the deadline")
    func deadline() {
        var retries = ModelRetries(deadline: .seconds(10))
        let error = LanguageModelError(.timeout, "x")
        #expect(retries.decide(error, elapsed: .milliseconds(9600), jitter: 0) == .tell(.unreachable))
    }

    @Test("A conversation that is too long is shortened once")
    func tooLong() {
        var retries = ModelRetries(deadline: .seconds(10))
        let error = LanguageModelError(.contextTooLong, "x")
        #expect(retries.decide(error, elapsed: .zero, jitter: 0) == .retry(after: .zero, shorterContext: true))
        #expect(retries.decide(error, elapsed: .zero, jitter: 0) == .tell(.tooLong))
    }

    @Test("What waiting does not mend is told at once")
    func lasting() {
        var retries = ModelRetries(deadline: .seconds(10))
        #expect(retries.decide(.init(.authentication, "x"), elapsed: .zero, jitter: 0) == .tell(.setup))
        #expect(retries.decide(.init(.refusedRequest, "x"), elapsed: .zero, jitter: 0) == .tell(.confused))
    }

    @Test("Every language has every text, with the same arguments")
    func texts() throws {
        let catalogue = try PersonaTexts.catalogue()
        #expect(catalogue.problems == [])
        #expect(Set(catalogue.keys).isSuperset(of: TextKey.allCases.map(\.rawValue)))
    }
}
