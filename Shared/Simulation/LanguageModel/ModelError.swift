/// A refusal of the local model, to be written in a dialect's own shape.
package struct ModelError: Error, Sendable, Equatable {
    package enum Code: Sendable {
        case unauthorized
        case invalidRequest
        case modelNotFound
        case rateLimited
        case serverError
        case overloaded
    }

    package let code: Code
    package let message: String
    /// The member of the request that is at fault, where there is one.
    package let parameter: String?
    /// How long a client is told to wait.
    package var retryAfter = Duration.seconds(1)

    package init(_ code: Code, _ message: String, parameter: String? = nil) {
        self.code = code
        self.message = message
        self.parameter = parameter
    }

    /// Whether the same request may succeed later.
    package var isRetriable: Bool {
        switch code {
        case .rateLimited, .serverError, .overloaded: true
        case .unauthorized, .invalidRequest, .modelNotFound: false
        }
    }
}
