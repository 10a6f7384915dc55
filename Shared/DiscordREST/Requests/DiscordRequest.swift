package import DiscordModel

/// A call of Discord's REST API.
package struct DiscordRequest: Sendable {
    package var method: Method
    /// Below the API's root, for example `/channels/1/messages`.
    package var path: String
    package var query: [(name: String, value: String)]
    package var body: Body
    package var lane: RequestLane
    /// Whom it takes turns with; nil: the resource in its path.
    package var guild: GuildID?
    /// Shown in the guild's audit log; cut to 512 characters.
    package var auditReason: String?
    package var safety: Safety
    /// How long to wait for a permit and an answer, retries included.
    package var timeout: Duration

    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package enum Body: Sendable {
        case none
        /// JSON text.
        case json([UInt8])
        /// Files with the JSON text beside them.
        case multipart(json: [UInt8], files: [File])
    }

    /// A file to upload.
    package struct File: Sendable {
        package var name: String
        package var contentType: String
        package var data: [UInt8]

        package init(name: String, contentType: String, data: [UInt8]) {
            self.name = name
            self.contentType = contentType
            self.data = data
        }
    }

    /// What may be done when it is unknown whether the call was carried out.
    package enum Safety: Sendable {
        /// Twice is as good as once: send again.
        case idempotent
        /// A message with an enforced nonce: Discord refuses the second for some minutes.
        case nonce
        /// Sent once; the caller looks before it sends again.
        case never
    }

    package init(
        _ method: Method,
        _ path: String,
        query: [(name: String, value: String)] = [],
        body: Body = .none,
        lane: RequestLane = .message,
        guild: GuildID? = nil,
        auditReason: String? = nil,
        safety: Safety? = nil,
        timeout: Duration = .seconds(30)
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.lane = lane
        self.guild = guild
        self.auditReason = auditReason
        self.safety = safety ?? (method == .post ? .never : .idempotent)
        self.timeout = timeout
    }
}

/// Discord's answer, of any status that is not an error.
package struct DiscordResponse: Sendable {
    package var status: Int
    package var body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}
