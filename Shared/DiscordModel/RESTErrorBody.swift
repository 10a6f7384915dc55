/// The body of an error from Discord's REST API. Source: Discord API reference, "Error Messages" and "Rate Limits".
package struct RESTErrorBody: Codable, Hashable, Sendable {
    /// Discord's own error code, such as 10008; 0 if the body had none.
    package var code: Int
    package var message: String
    /// Seconds to wait, on 429.
    package var retryAfter: Double?
    /// Whether the bot's global limit was hit, on 429.
    package var global: Bool?

    package init(code: Int, message: String, retryAfter: Double? = nil, global: Bool? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
        self.global = global
    }

    package enum CodingKeys: String, CodingKey {
        case code, message, global
        case retryAfter = "retry_after"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        code = container.lenient(.code, or: 0)
        message = container.lenient(.message, or: "")
        retryAfter = container.lenient(.retryAfter)
        global = container.lenient(.global)
    }
}

/// Discord's error codes that our logic tells apart.
package enum DiscordErrorCode {
    package static let unknownChannel = 10003
    package static let unknownGuild = 10004
    package static let unknownMember = 10007
    package static let unknownMessage = 10008
    package static let unknownRole = 10011
    package static let unknownUser = 10013
    package static let unknownBan = 10026
    package static let unknownInteraction = 10062
    package static let unknownCommand = 10063
    package static let notInVoice = 40032
    package static let alreadyAcknowledged = 40060
    package static let missingAccess = 50001
    package static let notOwnMessage = 50005
    package static let cannotMessageUser = 50007
    package static let missingPermissions = 50013
    package static let invalidForm = 50035
}
