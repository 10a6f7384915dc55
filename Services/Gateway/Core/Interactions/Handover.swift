import MessageBus

/// One interaction's way to an instance that takes it: one is asked after another, and the next one only when it is certain
/// that no answer of the one before will be used. Pure.
struct Handover: Sendable {
    enum Step: Hashable, Sendable {
        case ask(String)
        /// Wait a little and look anew who is there.
        case lookAgain
        /// Nobody took it in all this time; whether there is an instance that might have.
        case giveUp(isAnybodyThere: Bool)
    }

    /// How long instances are looked for. Within it an instance that was killed has been started again.
    static let patience: Duration = .seconds(8)
    /// The same where the member cannot be shown that somebody is thinking: shorter than Discord's three seconds.
    static let shortPatience: Duration = .milliseconds(2_200)

    private let patience: Duration
    private var refused: Set<String> = []

    init(canDefer: Bool) {
        patience = canDefer ? Self.patience : Self.shortPatience
    }

    /// - Parameters:
    ///   - candidates: instances that may answer now, the better ones first.
    ///   - elapsed: time since the interaction came.
    mutating func next(_ candidates: [String], elapsed: Duration) -> Step {
        guard elapsed < patience else { return .giveUp(isAnybodyThere: !candidates.isEmpty) }
        guard let instance = candidates.first(where: { !refused.contains($0) }) else {
            refused = []
            return .lookAgain
        }
        return .ask(instance)
    }

    /// An instance has not answered.
    ///
    /// - Returns: whether another may be asked. The switchboard sends back at once what an instance did not take, and what
    ///   it died over: a service recognises an interaction that it has carried out already, so that this one may be handed
    ///   on too. One that is silent may still answer.
    mutating func failed(_ instance: String, _ code: BusError.Code) -> Bool {
        switch code {
        case .noWorker, .refused, .outcomeUnknown:
            refused.insert(instance)
            return true
        case .timeout, .failed, .malformed, .closed, .cancelled:
            return false
        }
    }
}
