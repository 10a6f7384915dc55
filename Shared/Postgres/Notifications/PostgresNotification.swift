/// One `NOTIFY`. It says that something changed, never what: the receiver reads the rows again.
package struct PostgresNotification: Sendable, Hashable {
    package let channel: String
    package let payload: String

    package init(channel: String, payload: String) {
        self.channel = channel
        self.payload = payload
    }
}

/// What a listener gets.
package enum NotificationEvent: Sendable, Hashable {
    case notification(PostgresNotification)
    /// The channels are subscribed, for the first time or after a loss of the connection, or so much came that some
    /// was dropped. Whatever was announced before may have been missed: read everything again.
    case reconnected
}

/// The notifications of a `withNotifications` block; ends when the client closes.
package struct NotificationSequence: AsyncSequence, Sendable {
    package typealias Element = NotificationEvent
    package typealias Failure = Never
    fileprivate let stream: AsyncStream<NotificationEvent>

    package func makeAsyncIterator() -> AsyncStream<NotificationEvent>.Iterator {
        stream.makeAsyncIterator()
    }
}

/// The sending end of a `NotificationSequence`, bounded.
struct NotificationSink: Sendable {
    private let continuation: AsyncStream<NotificationEvent>.Continuation

    static func make(capacity: Int) -> (NotificationSequence, NotificationSink) {
        let (stream, continuation) = AsyncStream.makeStream(
            of: NotificationEvent.self,
            bufferingPolicy: .bufferingNewest(capacity)
        )
        return (NotificationSequence(stream: stream), NotificationSink(continuation: continuation))
    }

    /// Delivers; when the reader is so far behind that something had to go, it is told to read everything again.
    func send(_ event: NotificationEvent) {
        if case .dropped = continuation.yield(event) {
            continuation.yield(.reconnected)
        }
    }

    func finish() {
        continuation.finish()
    }
}
