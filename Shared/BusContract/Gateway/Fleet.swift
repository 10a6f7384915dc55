package import DiscordModel

/// Starts, stops or restarts one bot without touching the others.
package struct ControlBot: BusRequest {
    package typealias Reply = BotStatus
    package static let typeName = "ensemble.gateway.v1.ControlBot"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.gateway]
    package static let callers: Set<ServiceRole>? = [.adminAPI]

    package var bot: BotID
    package var action: BotAction

    package init(bot: BotID, action: BotAction) {
        self.bot = bot
        self.action = action
    }
}

package struct BotAction: OpenEnum {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package static let start = Self(rawValue: "start")
    package static let stop = Self(rawValue: "stop")
    package static let restart = Self(rawValue: "restart")
}

/// Adds a bot to the fleet, for good, without touching the others.
package struct AddBot: BusRequest {
    package typealias Reply = BotStatus
    package static let typeName = "ensemble.gateway.v1.AddBot"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.gateway]

    package var bot: BotID
    /// Where its token is, never the token: `DISCORD_TOKEN_NOVA`, or `file:nova` in the gateway's folder of tokens.
    package var tokenReference: String

    package init(bot: BotID, tokenReference: String) {
        self.bot = bot
        self.tokenReference = tokenReference
    }
}

/// Removes a bot that was added; its reply is the bot's last state.
package struct RemoveBot: BusRequest {
    package typealias Reply = BotStatus
    package static let typeName = "ensemble.gateway.v1.RemoveBot"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.gateway]

    package var bot: BotID

    package init(bot: BotID) {
        self.bot = bot
    }
}

/// The state of every bot.
package struct FleetStatus: BusRequest {
    package typealias Reply = Fleet
    package static let typeName = "ensemble.gateway.v1.FleetStatus"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.gateway]

    package init() {}
}

package struct Fleet: BusMessage {
    package static let typeName = "ensemble.gateway.v1.Fleet"

    package var bots: [BotStatus]

    package init(bots: [BotStatus]) {
        self.bots = bots
    }
}

/// How one bot is.
package struct BotStatus: BusMessage {
    package static let typeName = "ensemble.gateway.v1.BotStatus"

    package var bot: BotID
    package var state: BotState
    /// Why it is stopped or in trouble, in one line for an operator.
    package var reason: String
    /// Its name on Discord; empty before its first login.
    package var username: String
    package var user: UserID?
    package var application: ApplicationID?
    /// True for the bot that owns the slash commands.
    package var primary: Bool
    package var shards: Int
    /// Shards whose sessions are up.
    package var shardsOnline: Int
    package var guilds: Int
    /// Milliseconds between heartbeat and its acknowledgement; 0 = not measured yet.
    package var latencyMilliseconds: Int
    /// Unix milliseconds since when it is in this state.
    package var since: Int64

    package init(
        bot: BotID,
        state: BotState,
        reason: String = "",
        username: String = "",
        user: UserID? = nil,
        application: ApplicationID? = nil,
        primary: Bool = false,
        shards: Int = 1,
        shardsOnline: Int = 0,
        guilds: Int = 0,
        latencyMilliseconds: Int = 0,
        since: Int64 = 0
    ) {
        self.bot = bot
        self.state = state
        self.reason = reason
        self.username = username
        self.user = user
        self.application = application
        self.primary = primary
        self.shards = shards
        self.shardsOnline = shardsOnline
        self.guilds = guilds
        self.latencyMilliseconds = latencyMilliseconds
        self.since = since
    }
}

package struct BotState: OpenEnum {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package static let stopped = Self(rawValue: "stopped")
    package static let connecting = Self(rawValue: "connecting")
    package static let online = Self(rawValue: "online")
    package static let resuming = Self(rawValue: "resuming")
    /// It will not come back without an operator: a wrong token, forbidden intents.
    package static let failed = Self(rawValue: "failed")
}

/// A bot went from one state to another.
package struct BotStateChanged: BusEvent {
    package static let typeName = "ensemble.gateway.v1.BotStateChanged"
    package static let topic = Topic.ensemble("gateway", "bot-state-changed")
    package static let publisher = ServiceRole.gateway

    package var status: BotStatus

    package init(status: BotStatus) {
        self.status = status
    }
}

/// Joins, moves to or leaves a voice channel (gateway opcode 4). Never durable: a late one would be wrong.
package struct UpdateVoiceState: GuildRequest {
    package typealias Reply = Acknowledgement
    package static let typeName = "ensemble.gateway.v1.UpdateVoiceState"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.gateway]
    package static let callers: Set<ServiceRole>? = [.lavalinkBridge]

    package var bot: BotID
    package var guild: GuildID
    /// nil = leave.
    package var channel: ChannelID?
    package var selfMute: Bool
    package var selfDeaf: Bool

    package init(bot: BotID, guild: GuildID, channel: ChannelID?, selfMute: Bool = false, selfDeaf: Bool = true) {
        self.bot = bot
        self.guild = guild
        self.channel = channel
        self.selfMute = selfMute
        self.selfDeaf = selfDeaf
    }
}
