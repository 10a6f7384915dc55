import BusContract

/// One interaction's way from Discord's question to our answer. Pure.
///
/// Discord wants a first response within 3 s and takes only one; afterwards the answer is an edit of the deferred
/// message, for 15 minutes. Source: Discord API reference, "Receiving and Responding".
struct InteractionMachine: Sendable {
    enum State: Hashable, Sendable {
        /// Nothing has been sent.
        case waiting
        /// "… is thinking" has been sent, or is on its way.
        case deferred
        /// The service will answer by `RespondInteraction`.
        case promised
        case answered
        case failed
    }

    enum Action: Hashable, Sendable {
        /// The first response: the callback's type and its data.
        case respond(type: Int, data: String)
        case deferReply(type: Int, ephemeral: Bool)
        /// The answer after a deferral.
        case editOriginal(String)
        /// A message of its own after a deferral that showed nothing: the original is the message with the component.
        case followUp(String)
        /// Tell the member that it did not work, by whichever way is still open.
        case apologise(Apology)
        case nothing
    }

    enum Apology: Hashable, Sendable {
        /// The service is away or did not answer in time.
        case unavailable
        /// None of its instances that are there takes it.
        case unserved
        /// A modal was offered after the deferral, which Discord does not allow: the service's mistake.
        case tooLateForModal
    }

    /// When a deferral leaves if no answer has come, counted from the interaction's arrival.
    static let deferAfter: Duration = .milliseconds(1_500)
    /// When an interaction that cannot be deferred gets its answer or an apology.
    static let lastMoment: Duration = .milliseconds(2_500)

    let kind: InteractionKind
    let deferral: Deferral
    private(set) var state = State.waiting

    init(kind: InteractionKind, deferral: Deferral) {
        self.kind = kind
        self.deferral = deferral
    }

    /// Autocompletion and what a modal answers cannot be deferred.
    var canDefer: Bool { kind != .autocomplete && deferral != .never }

    /// How long to wait for the service before `timeIsUp`.
    var patience: Duration { canDefer ? Self.deferAfter : Self.lastMoment }

    /// The service has not answered in time.
    mutating func timeIsUp() -> Action {
        guard state == .waiting else { return .nothing }
        guard canDefer else {
            state = .failed
            return kind == .autocomplete ? .respond(type: 8, data: #"{"choices":[]}"#) : .apologise(.unavailable)
        }
        state = .deferred
        return deferAction
    }

    /// The service has answered.
    mutating func replied(_ reply: InteractionReply) -> Action {
        switch (state, reply.kind) {
        case (.answered, _), (.failed, _), (.promised, _):
            return .nothing
        case (.waiting, .later):
            state = .promised
            return deferAction
        case (.deferred, .later):
            state = .promised
            return .nothing
        case (.waiting, _):
            state = .answered
            return .respond(type: Self.callbackType(of: reply.kind, of: kind), data: reply.data)
        case (.deferred, .modal), (.deferred, .choices):
            state = .failed
            return .apologise(.tooLateForModal)
        case (.deferred, .message) where deferral == .update:
            state = .answered
            return .followUp(reply.data)
        case (.deferred, _):
            state = .answered
            return .editOriginal(reply.data)
        }
    }

    /// The service cannot be reached, or has failed.
    mutating func failed(_ apology: Apology = .unavailable) -> Action {
        switch state {
        case .answered, .failed, .promised:
            return .nothing
        case .waiting, .deferred:
            let wasWaiting = state == .waiting
            state = .failed
            return wasWaiting && kind == .autocomplete
                ? .respond(type: 8, data: #"{"choices":[]}"#) : .apologise(apology)
        }
    }

    private var deferAction: Action {
        deferral == .update
            ? .deferReply(type: 6, ephemeral: false) : .deferReply(type: 5, ephemeral: deferral == .ephemeral)
    }

    private static func callbackType(of reply: InteractionReplyKind, of kind: InteractionKind) -> Int {
        switch reply {
        case .update: kind == .component ? 7 : 4
        case .choices: 8
        case .modal: 9
        default: 4
        }
    }
}
