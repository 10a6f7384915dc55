/// A way in which the local model fails on purpose.
package struct ModelFault: Sendable, Equatable {
    package enum Kind: String, FaultKind {
        /// 401: the key is refused.
        case unauthorized = "401"
        /// 429 with `retry-after`.
        case rateLimited = "429"
        /// 500.
        case serverError = "500"
        /// 503 in OpenAI's dialect, 529 in Anthropic's.
        case overloaded = "529"
        /// Nothing comes for `ms`, then the answer.
        case stalled = "delay"
        /// Every piece of the answer waits `ms` more.
        case slow
        /// The connection breaks in the middle of the answer.
        case brokenStream = "broken-stream"
        /// The answer has, in its middle, something that is no JSON, and then ends.
        case malformedChunk = "garbage"
        /// The stream tells of an error inside it, after some text.
        case errorInStream = "error-in-stream"
        /// The stream closes in good order behind its text, without the events that end an answer.
        case noEnd = "no-end"
        /// The answer has no text.
        case empty

        package static var target: FaultTarget { .llm }

        package var traits: FaultTraits {
            switch self {
            case .unauthorized: FaultTraits(aliases: ["unauthorized"], takesBot: false)
            case .rateLimited:
                FaultTraits(milliseconds: .wait(1_000), aliases: ["rate-limited"], takesBot: false)
            case .serverError: FaultTraits(aliases: ["5xx", "server-error"], takesBot: false)
            case .overloaded: FaultTraits(aliases: ["503", "overloaded"], takesBot: false)
            case .stalled: FaultTraits(milliseconds: .wait(3_000), aliases: ["stalled"], takesBot: false)
            case .slow: FaultTraits(milliseconds: .wait(500), takesBot: false)
            case .brokenStream: FaultTraits(aliases: ["broken", "drop"], takesBot: false)
            case .malformedChunk: FaultTraits(aliases: ["malformed-chunk"], takesBot: false)
            case .errorInStream, .noEnd, .empty: FaultTraits(takesBot: false)
            }
        }

        /// Whether only a stream can fail so.
        var needsStream: Bool { self == .errorInStream || self == .noEnd }
    }

    package var kind: Kind
    /// How many answers it spoils.
    package var count: Int
    /// What the kind waits, if it waits.
    package var delay: Duration

    package init(_ kind: Kind, count: Int = 1, delay: Duration = .seconds(1)) {
        self.kind = kind
        self.count = count
        self.delay = delay
    }

    var order: FaultOrder {
        var order = FaultOrder(kind.rawValue, count: count)
        if case .wait = kind.traits.milliseconds { order.milliseconds = UInt64(max(delay.milliseconds, 0)) }
        return order
    }
}
