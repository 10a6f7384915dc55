package import DiscordModel

/// Asks the gateway, which alone holds the tokens, to call Discord's REST API as one of our bots.
package struct ExecuteREST: BusRequest {
    package typealias Reply = RESTOutcome
    package static let typeName = "ensemble.gateway.v1.ExecuteREST"
    /// The gateway recognises the key, and Discord the nonce; what neither covers says so in `safety`.
    package static let repetition = Repetition.once
    package static let servers: Set<ServiceRole> = [.gateway]
    package static let callers: Set<ServiceRole>? = ServiceRole.services

    package var bot: BotID
    /// `GET`, `POST`, `PUT`, `PATCH`, `DELETE`.
    package var method: String
    /// The path below `/api/v10`, with its parameters filled in, for example `/channels/1/messages/2`.
    package var path: String
    package var query: [QueryItem]
    /// The body as JSON text; empty = no body.
    package var body: String
    package var files: [UploadedFile]
    package var lane: Lane
    /// Shown in the guild's audit log; 1 to 512 characters. Empty = none.
    package var auditReason: String
    package var safety: RESTSafety

    package init(
        bot: BotID,
        method: String,
        path: String,
        query: [QueryItem] = [],
        body: String = "",
        files: [UploadedFile] = [],
        lane: Lane = .message,
        auditReason: String = "",
        safety: RESTSafety = .neverRetry
    ) {
        self.bot = bot
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.files = files
        self.lane = lane
        self.auditReason = auditReason
        self.safety = safety
    }
}

/// What became of a REST call.
package struct RESTOutcome: BusMessage {
    package static let typeName = "ensemble.gateway.v1.RESTOutcome"

    /// Discord's HTTP status; 0 when Discord gave none.
    package var status: Int
    /// Discord's answer as JSON text; empty where there is none.
    package var body: String
    /// Why it was not carried out; nil on 2xx.
    package var failure: RESTFailure?

    package init(status: Int, body: String = "", failure: RESTFailure? = nil) {
        self.status = status
        self.body = body
        self.failure = failure
    }

    package var isSuccess: Bool { (200..<300).contains(status) && failure == nil }
}

/// Why a REST call was not carried out.
package struct RESTFailure: Codable, Hashable, Sendable {
    package var kind: RESTFailureKind
    /// Discord's error code (10008 unknown message, 50013 missing permissions …); 0 = none.
    package var code: Int
    package var message: String

    package init(kind: RESTFailureKind, code: Int = 0, message: String) {
        self.kind = kind
        self.code = code
        self.message = message
    }
}

package struct RESTFailureKind: OpenEnum {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Discord refused it: see `code`.
    package static let refused = Self(rawValue: "refused")
    /// Still rate limited when the deadline came.
    package static let rateLimited = Self(rawValue: "rateLimited")
    /// Nothing reached Discord.
    package static let unreachable = Self(rawValue: "unreachable")
    /// It may or may not have been carried out.
    package static let outcomeUnknown = Self(rawValue: "outcomeUnknown")
    /// The bot is stopped or has no valid token.
    package static let botStopped = Self(rawValue: "botStopped")
    /// The request makes no sense: unknown bot, bad path, oversize body.
    package static let invalid = Self(rawValue: "invalid")
}

package struct QueryItem: Codable, Hashable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

package struct UploadedFile: Codable, Hashable, Sendable {
    package var name: String
    package var contentType: String
    package var data: Bytes

    package init(name: String, contentType: String, data: Bytes) {
        self.name = name
        self.contentType = contentType
        self.data = data
    }
}

/// In which order REST calls leave, from first to last.
package struct Lane: OpenEnum {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package static let interaction = Self(rawValue: "interaction")
    package static let moderation = Self(rawValue: "moderation")
    package static let message = Self(rawValue: "message")
    package static let cosmetic = Self(rawValue: "cosmetic")
}

/// What may be done when it is unknown whether a call was carried out.
package struct RESTSafety: OpenEnum {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Twice is as good as once: DELETE, PUT, a PATCH to absolute values.
    package static let idempotent = Self(rawValue: "idempotent")
    /// A message create with `nonce` and `enforce_nonce`: Discord refuses the second for some minutes.
    package static let nonce = Self(rawValue: "nonce")
    /// Read the target first, write only if the effect is absent.
    package static let probeFirst = Self(rawValue: "probeFirst")
    package static let neverRetry = Self(rawValue: "neverRetry")
}
