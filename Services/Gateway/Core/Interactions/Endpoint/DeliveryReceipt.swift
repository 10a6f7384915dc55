import ServiceKit

/// What becomes of an interaction that came by HTTP, told to the request that waits for it.
///
/// The interaction goes on whether or not the request still does.
struct DeliveryReceipt: Sendable {
    enum Outcome: Hashable, Sendable {
        /// It is written down, or over: whatever happens now, its member gets one answer.
        case accepted
        /// It has come before, here or to another process.
        case known
        /// It is no interaction that could be handed over.
        case unreadable
        /// It was not taken: the desk is full or closed, or did not come to it in time.
        case refused
    }

    private let outcomes: AsyncStream<Outcome>
    private let sink: AsyncStream<Outcome>.Continuation

    init() {
        (outcomes, sink) = AsyncStream.makeStream(of: Outcome.self, bufferingPolicy: .bufferingOldest(1))
    }

    /// The first outcome counts.
    func settle(_ outcome: Outcome) {
        sink.yield(outcome)
        sink.finish()
    }

    func outcome(within limit: Duration) async -> Outcome {
        let outcomes = outcomes
        let outcome = try? await withDeadline(limit) { () -> Outcome? in
            for await outcome in outcomes { return outcome }
            return nil
        }
        return outcome.flatMap(\.self) ?? .refused
    }
}
