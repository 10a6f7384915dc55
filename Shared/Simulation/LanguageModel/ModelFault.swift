/// A way in which the local model fails on purpose.
package struct ModelFault: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// 401: the key is refused.
        case unauthorized
        /// 429 with `retry-after`.
        case rateLimited = "rate-limited"
        /// 500.
        case serverError = "server-error"
        /// 503 in OpenAI's dialect, 529 in Anthropic's.
        case overloaded
        /// Every piece of the answer waits `delay` more.
        case slow
        /// Nothing comes for `delay`, then the answer.
        case stalled
        /// The connection breaks in the middle of the stream.
        case brokenStream = "broken-stream"
        /// The stream has a chunk that is no JSON, and then ends.
        case malformedChunk = "malformed-chunk"
        /// The stream tells of an error inside it, after some text.
        case errorInStream = "error-in-stream"
    }

    package var kind: Kind
    /// How many answers it spoils.
    package var count: Int
    package var delay: Duration

    package init(_ kind: Kind, count: Int = 1, delay: Duration = .seconds(1)) {
        self.kind = kind
        self.count = count
        self.delay = delay
    }
}
