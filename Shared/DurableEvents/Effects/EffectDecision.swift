import BusContract
import MessageBus

/// What is done with an effect after an attempt.
enum EffectDecision: Hashable, Sendable {
    case done(status: Int)
    /// Discord refuses it for good.
    case refused(status: Int, reason: String)
    /// It did not happen: try again.
    case retry(reason: String)
    /// It may have happened: look before trying again.
    case probe(reason: String)
    /// It may have happened and nobody can tell: an operator must look.
    case unknown(reason: String)
    /// It came too late to be worth doing.
    case expired

    /// Discord recognises a nonce for some minutes. Two of them are safe to count on, less the time that a request may
    /// take until it is there.
    static let nonceTrust: Duration = .seconds(100)

    /// Whether Discord is to be asked before another attempt: the first may have happened, and nothing would recognise
    /// the second.
    ///
    /// - Parameter sinceFirst: time since the first attempt that may have reached Discord; zero when there was none.
    static func mustLook(_ safety: RESTSafety, sinceFirst: Duration) -> Bool {
        switch safety {
        case .nonce: sinceFirst >= nonceTrust
        case .probeFirst: sinceFirst > .zero
        default: false
        }
    }

    /// Decides from what the gateway answered.
    ///
    /// - Parameter sinceFirst: time since the first attempt that may have reached Discord.
    init(_ outcome: RESTOutcome, safety: RESTSafety, method: String, sinceFirst: Duration) {
        guard let failure = outcome.failure else {
            self = .done(status: outcome.status)
            return
        }
        switch failure.kind {
        case .refused where outcome.status >= 500:
            // Discord had a fault for longer than the gateway tries.
            self = Self.uncertain(failure.message, safety: safety, sinceFirst: sinceFirst)
        case .refused:
            // What is to be deleted is gone already.
            self =
                method == "DELETE" && outcome.status == 404
                ? .done(status: outcome.status)
                : .refused(status: outcome.status, reason: "\(failure.message) (code \(failure.code))")
        case .invalid:
            self = .refused(status: outcome.status, reason: failure.message)
        case .outcomeUnknown:
            self = Self.uncertain(failure.message, safety: safety, sinceFirst: sinceFirst)
        default:
            self = .retry(reason: failure.message)
        }
    }

    /// Decides from what the bus answered instead of the gateway.
    init(_ error: BusError, safety: RESTSafety, sinceFirst: Duration) {
        switch error.code {
        // Refused by the bus means a full queue: the gateway has not seen it, and Discord has refused nothing.
        case .noWorker, .closed, .refused: self = .retry(reason: error.message)
        default: self = Self.uncertain(error.message, safety: safety, sinceFirst: sinceFirst)
        }
    }

    private static func uncertain(_ reason: String, safety: RESTSafety, sinceFirst: Duration) -> Self {
        switch safety {
        case .idempotent: .retry(reason: reason)
        case .nonce: sinceFirst < nonceTrust ? .retry(reason: reason) : .probe(reason: reason)
        case .probeFirst: .probe(reason: reason)
        default: .unknown(reason: reason)
        }
    }
}
