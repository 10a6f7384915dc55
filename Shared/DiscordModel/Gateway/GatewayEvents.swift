/// READY: a session has begun. Source: Discord API reference, "Ready".
package struct ReadyEvent: Codable, Hashable, Sendable {
    package var user: User
    package var guilds: [UnavailableGuild]
    package var sessionID: String
    /// Where to resume; sending a resume elsewhere gets the session dropped more often.
    package var resumeGatewayURL: String
    package var application: PartialApplication

    /// The application that the bot belongs to.
    package struct PartialApplication: Codable, Hashable, Sendable {
        package var id: ApplicationID

        package init(id: ApplicationID) {
            self.id = id
        }
    }

    package init(
        user: User,
        guilds: [UnavailableGuild],
        sessionID: String,
        resumeGatewayURL: String,
        application: ApplicationID
    ) {
        self.user = user
        self.guilds = guilds
        self.sessionID = sessionID
        self.resumeGatewayURL = resumeGatewayURL
        self.application = PartialApplication(id: application)
    }

    package enum CodingKeys: String, CodingKey {
        case user, guilds, application
        case sessionID = "session_id"
        case resumeGatewayURL = "resume_gateway_url"
    }
}

/// The data of HELLO.
package struct HelloData: Codable, Hashable, Sendable {
    /// Milliseconds between heartbeats.
    package var heartbeatInterval: Int

    package init(heartbeatInterval: Int) {
        self.heartbeatInterval = heartbeatInterval
    }

    package enum CodingKeys: String, CodingKey {
        case heartbeatInterval = "heartbeat_interval"
    }
}

/// The answer of `GET /gateway/bot`.
package struct GatewayBotInfo: Codable, Hashable, Sendable {
    package var url: String
    /// How many shards Discord recommends.
    package var shards: Int
    package var sessionStartLimit: SessionStartLimit

    /// How many IDENTIFYs are left.
    package struct SessionStartLimit: Codable, Hashable, Sendable {
        package var total: Int
        package var remaining: Int
        /// Milliseconds until `remaining` is `total` again.
        package var resetAfter: Int
        /// IDENTIFYs allowed every 5 seconds.
        package var maxConcurrency: Int

        package init(total: Int, remaining: Int, resetAfter: Int, maxConcurrency: Int) {
            self.total = total
            self.remaining = remaining
            self.resetAfter = resetAfter
            self.maxConcurrency = maxConcurrency
        }

        package enum CodingKeys: String, CodingKey {
            case total, remaining
            case resetAfter = "reset_after"
            case maxConcurrency = "max_concurrency"
        }
    }

    package init(url: String, shards: Int, sessionStartLimit: SessionStartLimit) {
        self.url = url
        self.shards = shards
        self.sessionStartLimit = sessionStartLimit
    }

    package enum CodingKeys: String, CodingKey {
        case url, shards
        case sessionStartLimit = "session_start_limit"
    }
}

/// VOICE_SERVER_UPDATE: where the bot's voice connection goes. Never stored: the token is a secret of seconds.
package struct VoiceServerUpdate: Codable, Hashable, Sendable {
    package var token: String
    package var guildID: GuildID
    /// Nil: the voice server is gone; wait for the next event.
    package var endpoint: String?

    package init(token: String, guildID: GuildID, endpoint: String?) {
        self.token = token
        self.guildID = guildID
        self.endpoint = endpoint
    }

    package enum CodingKeys: String, CodingKey {
        case token, endpoint
        case guildID = "guild_id"
    }
}
