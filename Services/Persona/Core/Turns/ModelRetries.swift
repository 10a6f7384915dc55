import LLM

/// What to do when a model fails in the middle of a turn: try again, with less context, or tell the member.
struct ModelRetries: Sendable, Hashable {
    /// What to do.
    enum Decision: Sendable, Hashable {
        /// Ask again after that wait.
        case retry(after: Duration, shorterContext: Bool)
        /// Tell the member, by a key of the texts.
        case tell(TextKey)
    }

    /// Waits between attempts, when the provider names none. There is one attempt more than there are waits.
    private static let waits: [Duration] = [.milliseconds(500), .seconds(2), .seconds(6)]
    /// A provider that asks for more is not waited for: the member is told.
    private static let longestWait: Duration = .seconds(20)

    /// When the turn has to be over, counted from its beginning.
    let deadline: Duration
    private var failures = 0
    private var hasShortened = false

    init(deadline: Duration) {
        self.deadline = deadline
    }

    /// - Parameters:
    ///   - elapsed: Time since the turn began.
    ///   - jitter: 0 to 1; spreads the attempts of turns that failed together.
    mutating func decide(_ error: LanguageModelError, elapsed: Duration, jitter: Double) -> Decision {
        if error.code == .contextTooLong, !hasShortened {
            hasShortened = true
            return .retry(after: .zero, shorterContext: true)
        }
        guard error.isRetriable, failures < Self.waits.count else { return .tell(Self.text(of: error.code)) }
        let planned = Self.waits[failures]
        failures += 1
        let wait = max(error.retryAfter ?? .zero, planned + planned * jitter)
        guard wait <= Self.longestWait, elapsed + wait < deadline else { return .tell(Self.text(of: error.code)) }
        return .retry(after: wait, shorterContext: false)
    }

    /// What a failure means for a member.
    static func text(of code: LanguageModelError.Code) -> TextKey {
        switch code {
        case .rateLimited, .overloaded: .busy
        case .timeout, .connection, .cancelled: .unreachable
        case .authentication, .quotaExhausted: .setup
        case .contextTooLong: .tooLong
        case .refusedRequest, .badResponse: .confused
        }
    }
}
