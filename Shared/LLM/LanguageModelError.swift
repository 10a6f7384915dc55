/// Why a model gave no (complete) answer.
package struct LanguageModelError: Error, Sendable, Hashable {
    /// The kinds of failure that a caller can tell apart and act on.
    package enum Code: String, Sendable, Hashable, Codable {
        /// The key is missing, wrong or not allowed to use the model.
        case authentication
        /// Too many requests; `retryAfter` says when, if the provider did.
        case rateLimited
        /// The account has no credit left: waiting does not help.
        case quotaExhausted
        /// The provider has trouble or no capacity.
        case overloaded
        /// The conversation is longer than the model can read.
        case contextTooLong
        /// The provider refuses this request: unknown model, unknown option, content it does not accept.
        case refusedRequest
        /// The answer is not what the protocol says: not an event stream, broken JSON, too large, cut off.
        case badResponse
        /// One of the deadlines passed; the message says which.
        case timeout
        /// No connection, or it broke.
        case connection
        /// Whoever asked gave up.
        case cancelled
    }

    package let code: Code
    /// A plain cause for an operator. Holds no key and no part of the conversation.
    package let message: String
    /// How long the provider asked to wait.
    package let retryAfter: Duration?
    /// The HTTP status, where one came.
    package let status: Int?

    package init(_ code: Code, _ message: String, retryAfter: Duration? = nil, status: Int? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
        self.status = status
    }

    /// Whether the same request may succeed later without anybody changing anything.
    package var isRetriable: Bool {
        switch code {
        case .rateLimited, .overloaded, .badResponse, .timeout, .connection: true
        case .authentication, .quotaExhausted, .contextTooLong, .refusedRequest, .cancelled: false
        }
    }
}

extension LanguageModelError: CustomStringConvertible {
    package var description: String {
        let status = status.map { " (HTTP \($0))" } ?? ""
        return "\(code.rawValue): \(message)\(status)"
    }
}
