import BusContract
import DiscordModel
import MessageBus
import Testing

@testable import DurableEvents

@Suite("effects")
struct EffectDecisionTests {
    private func decide(
        _ kind: RESTFailureKind?,
        status: Int = 0,
        safety: RESTSafety,
        method: String = "POST",
        since: Duration = .zero
    ) -> EffectDecision {
        EffectDecision(
            RESTOutcome(status: status, failure: kind.map { RESTFailure(kind: $0, message: "m") }),
            safety: safety,
            method: method,
            sinceFirst: since
        )
    }

    @Test("success is the end, and so is a deletion of what is gone")
    func ends() {
        #expect(decide(nil, status: 204, safety: .idempotent) == .done(status: 204))
        #expect(decide(.refused, status: 404, safety: .idempotent, method: "DELETE") == .done(status: 404))
        #expect(decide(.refused, status: 403, safety: .nonce) == .refused(status: 403, reason: "m (code 0)"))
    }

    @Test("what did not reach Discord is tried again, whatever its class")
    func retries() {
        for safety in [RESTSafety.idempotent, .nonce, .probeFirst, .neverRetry] {
            #expect(decide(.unreachable, safety: safety) == .retry(reason: "m"))
            #expect(decide(.rateLimited, safety: safety) == .retry(reason: "m"))
            #expect(decide(.botStopped, safety: safety) == .retry(reason: "m"))
        }
    }

    @Test("what may have reached Discord is repeated only where that is harmless")
    func uncertain() {
        #expect(decide(.outcomeUnknown, safety: .idempotent) == .retry(reason: "m"))
        #expect(decide(.outcomeUnknown, safety: .nonce, since: .seconds(99)) == .retry(reason: "m"))
        #expect(decide(.outcomeUnknown, safety: .nonce, since: .seconds(101)) == .probe(reason: "m"))
        #expect(decide(.outcomeUnknown, safety: .probeFirst) == .probe(reason: "m"))
        #expect(decide(.outcomeUnknown, safety: .neverRetry) == .unknown(reason: "m"))
    }

    @Test("a fault of Discord's that lasts is no refusal")
    func faults() {
        #expect(decide(.refused, status: 500, safety: .idempotent) == .retry(reason: "m"))
        #expect(decide(.refused, status: 503, safety: .nonce) == .retry(reason: "m"))
        #expect(decide(.refused, status: 503, safety: .nonce, since: .seconds(101)) == .probe(reason: "m"))
    }

    @Test("Discord is asked first where nothing would recognise a second attempt")
    func looking() {
        #expect(!EffectDecision.mustLook(.nonce, sinceFirst: .seconds(99)))
        #expect(EffectDecision.mustLook(.nonce, sinceFirst: .seconds(100)))
        #expect(!EffectDecision.mustLook(.probeFirst, sinceFirst: .zero))
        #expect(EffectDecision.mustLook(.probeFirst, sinceFirst: .seconds(1)))
        #expect(!EffectDecision.mustLook(.idempotent, sinceFirst: .seconds(1_000)))
    }

    @Test("a bus without gateway means that nothing was sent; a time-out means that nobody knows")
    func busErrors() {
        #expect(
            EffectDecision(BusError(.noWorker, "m"), safety: .neverRetry, sinceFirst: .zero) == .retry(reason: "m")
        )
        #expect(
            EffectDecision(BusError(.timeout, "m"), safety: .neverRetry, sinceFirst: .zero) == .unknown(reason: "m")
        )
        #expect(EffectDecision(BusError(.timeout, "m"), safety: .nonce, sinceFirst: .zero) == .retry(reason: "m"))
        // A full queue is none of Discord's refusals.
        #expect(EffectDecision(BusError(.refused, "m"), safety: .neverRetry, sinceFirst: .zero) == .retry(reason: "m"))
        // An answer that cannot be read can be one to something that was done.
        #expect(
            EffectDecision(BusError(.malformed, "m"), safety: .neverRetry, sinceFirst: .zero) == .unknown(reason: "m")
        )
    }

    @Test("a nonce is 25 characters, the same for the same key, another for another")
    func nonces() {
        let first = Effect.nonce(of: "notice:1")
        #expect(first.count == 25)
        #expect(first == Effect.nonce(of: "notice:1"))
        #expect(first != Effect.nonce(of: "notice:2"))
        // The first 25 base32 characters (RFC 4648, in lower case) of SHA-256("notice:1").
        #expect(first == "24b7aypwgqof26ln5da5bmkw6")
    }
}
