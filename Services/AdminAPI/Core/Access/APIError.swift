import Hummingbird

/// What went wrong with a call, as its caller is told: what, where, and in words.
package struct APIError: Error, Sendable, Equatable {
    /// The HTTP status.
    package let status: Int
    /// A word for programs: `unauthorized`, `invalid`, `not_found`.
    package let code: String
    /// A sentence for people.
    package let message: String
    /// The parameter, header or path that it concerns.
    package let place: String?

    package init(status: Int, code: String, message: String, place: String? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.place = place
    }

    static func invalid(_ place: String, expected: String) -> Self {
        Self(status: 400, code: "invalid", message: "\(place): expected \(expected)", place: place)
    }

    static func notFound(_ place: String, _ message: String) -> Self {
        Self(status: 404, code: "not_found", message: message, place: place)
    }

    static let unauthorized = Self(
        status: 401,
        code: "unauthorized",
        message: "this call needs a valid key in the header X-API-Key",
        place: "X-API-Key"
    )

    static func forbidden(_ scope: String) -> Self {
        Self(status: 403, code: "forbidden", message: "this key lacks the scope \(scope)", place: "X-API-Key")
    }

    static let tooLong = Self(
        status: 413,
        code: "too_long",
        message: "body: expected at most \(RequestObject.limit) bytes",
        place: "body"
    )

    static func unavailable(_ what: String) -> Self {
        Self(status: 503, code: "unavailable", message: what)
    }
}

/// The body of an error.
package struct ErrorBody: Codable, Sendable, Equatable {
    /// The error itself.
    package struct Detail: Codable, Sendable, Equatable {
        package let code: String
        package let message: String
        package let place: String?
    }

    package let error: Detail

    init(_ error: APIError) {
        self.error = Detail(code: error.code, message: error.message, place: error.place)
    }
}
