/// Decides when an answer has taken too long. Times count from the request.
///
/// Keep-alive comments put off the idle deadline but not the one of the first token: a provider that only keeps the
/// line open has not begun to answer.
struct StreamWatch: Sendable {
    private let limits: StreamLimits
    private var lastBytes: Duration = .zero
    private var hasToken = false

    init(_ limits: StreamLimits) {
        self.limits = limits
    }

    mutating func receivedBytes(at time: Duration) {
        lastBytes = time
    }

    mutating func receivedToken(at time: Duration) {
        lastBytes = time
        hasToken = true
    }

    /// When the answer counts as too late unless something arrives.
    var expiry: Duration {
        min(limits.total, hasToken ? lastBytes + limits.idle : limits.firstToken)
    }

    /// The error of an expiry at that time; nil while there is time.
    func error(at time: Duration) -> LanguageModelError? {
        guard time >= expiry else { return nil }
        if time >= limits.total {
            return LanguageModelError(.timeout, "the answer was not complete after \(limits.total)")
        }
        return hasToken
            ? LanguageModelError(.timeout, "nothing came for \(limits.idle) in the middle of the answer")
            : LanguageModelError(.timeout, "the model did not begin to answer within \(limits.firstToken)")
    }
}
