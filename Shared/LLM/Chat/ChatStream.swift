/// A model's answer as it is produced: pieces of text, tool calls, and at the end a summary.
///
/// Iterate once. It throws what the model or the way to it failed with, and `.cancelled` when the iterating task is
/// cancelled, so an ended loop always means a complete answer.
package struct ChatStream: AsyncSequence, Sendable {
    package typealias Element = ChatEvent
    package typealias Failure = LanguageModelError

    /// Bounded in bytes by the transport's limit on one answer, so the buffer needs no bound of its own.
    private let events: AsyncStream<Result<ChatEvent, LanguageModelError>>

    init(_ events: AsyncStream<Result<ChatEvent, LanguageModelError>>) {
        self.events = events
    }

    /// A stream that gives ready-made events: for models made of code, such as fallbacks and tests.
    package init(_ events: [ChatEvent], thenThrowing error: LanguageModelError? = nil) {
        self.events = AsyncStream { continuation in
            for event in events {
                continuation.yield(.success(event))
            }
            if let error {
                continuation.yield(.failure(error))
            }
            continuation.finish()
        }
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(events: events.makeAsyncIterator())
    }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate var events: AsyncStream<Result<ChatEvent, LanguageModelError>>.Iterator
        private var isComplete = false

        fileprivate init(events: AsyncStream<Result<ChatEvent, LanguageModelError>>.Iterator) {
            self.events = events
        }

        package mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(LanguageModelError) -> ChatEvent? {
            guard !isComplete else { return nil }
            guard let event = await events.next(isolation: actor) else {
                throw LanguageModelError(.cancelled, "the answer was abandoned before its end")
            }
            let value = try event.get()
            if case .finished = value {
                isComplete = true
            }
            return value
        }

        package mutating func next() async throws(LanguageModelError) -> ChatEvent? {
            try await next(isolation: nil)
        }
    }
}
