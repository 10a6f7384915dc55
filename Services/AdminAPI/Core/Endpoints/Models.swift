import BusContract
import DiscordModel
import FoundationEssentials
package import ServiceKit
import Store

/// `GET /api/status`
package struct StatusAnswer: Codable, Sendable {
    /// `ok` when every service is ready, every bot that should be is online, and nothing is missing.
    package let status: String
    package let database: DatabaseAnswer
    /// Which of the lists below could not be read and are empty for that, with the reason.
    package let missing: [String: String]
    package let services: [ServiceAnswer]
    package let bots: [BotAnswer]
    /// The latest times in which events may have been missed, the newest first.
    package let gaps: [GapAnswer]
}

/// How the database is.
package struct DatabaseAnswer: Codable, Sendable {
    package enum State: String, Codable, Sendable {
        case up
        case down
    }

    package let state: State
    /// Why it is down, in one line.
    package let reason: String?
    /// Unix milliseconds since when it is down, as far as that is known.
    package let since: Int64?

    package init(state: State, reason: String? = nil, since: Int64? = nil) {
        self.state = state
        self.reason = reason
        self.since = since
    }
}

/// A time in which events of one bot may have been missed.
package struct GapAnswer: Codable, Sendable {
    package let bot: String
    /// Unix milliseconds.
    package let from: Int64
    /// Unix milliseconds.
    package let to: Int64
    package let reason: String

    init(_ gap: Gap) {
        bot = String(gap.partition.prefix { $0 != "/" })
        from = Int64(gap.from.timeIntervalSince1970 * 1000)
        to = Int64(gap.to.timeIntervalSince1970 * 1000)
        reason = gap.reason
    }
}

/// One process of a service.
package struct ServiceAnswer: Codable, Sendable {
    package let service: String
    package let instance: String
    /// `ok`, `degraded`, or `silent` when it has not been heard of for some time.
    package let status: String
    package let host: String
    package let port: Int
    /// Seconds since it was last heard of.
    package let silence: Double
    /// Seconds since it started.
    package let uptime: Double
    package let queueSizes: [String: Int]
    package let components: [String: HealthReport.Component]
    /// `all`, `chat`, `image`, `video`, `admin`.
    package let type: String
    /// What it takes, by its own settings; empty: everything.
    package let enabledCommands: [String]
    package let enabledChannels: [String]
    package let enabledGuilds: [String]
    /// What it is working at, over what it can work at.
    package let load: Double
    /// The routes of the plan that it serves now.
    package let routes: [String]
}

/// One bot.
package struct BotAnswer: Codable, Sendable {
    package let bot: String
    package let state: String
    package let reason: String
    package let username: String
    package let user: String?
    package let primary: Bool
    package let guilds: Int
    package let shards: Int
    /// Shards whose sessions are up.
    package let shardsOnline: Int
    package let latencyMilliseconds: Int
    /// Unix milliseconds since when it is in this state.
    package let since: Int64

    init(_ status: BotStatus) {
        bot = status.bot.rawValue
        state = status.state.rawValue
        reason = status.reason
        username = status.username
        user = status.user.map { String($0.rawValue) }
        primary = status.primary
        guilds = status.guilds
        shards = status.shards
        shardsOnline = status.shardsOnline
        latencyMilliseconds = status.latencyMilliseconds
        since = status.since
    }
}

/// One guild.
package struct GuildAnswer: Codable, Sendable {
    package let guild: String
    package let name: String
    package let memberCount: Int
    package let bots: [String]
    package let observer: String?

    init(_ summary: GuildSummary) {
        guild = String(summary.guild.rawValue)
        name = summary.name
        memberCount = summary.memberCount
        bots = summary.bots.map(\.rawValue)
        observer = summary.observer?.rawValue
    }
}

/// One moderation case.
package struct CaseAnswer: Codable, Sendable {
    package let guild: String
    package let number: Int
    package let type: String
    package let user: String
    package let moderator: String?
    package let reason: String
    package let channel: String?
    /// The message that was acted on.
    package let message: String?
    /// Unix milliseconds.
    package let createdAt: Int64

    init(_ record: Case) {
        guild = String(record.guild.rawValue)
        number = record.number
        type = record.type
        user = String(record.user.rawValue)
        moderator = record.moderator.map { String($0.rawValue) }
        reason = record.reason
        channel = record.channel.map { String($0.rawValue) }
        message = record.message.map { String($0.rawValue) }
        createdAt = record.createdAt
    }
}

/// One player: a bot in a voice channel.
package struct PlayerAnswer: Codable, Sendable {
    package let bot: String
    package let guild: String
    package let channel: String
    /// `playing`, `paused`, `idle`.
    package let state: String
    package let title: String?
    /// Milliseconds into the track.
    package let position: Int64
    package let queued: Int
    package let node: String?

    package init(
        bot: String,
        guild: String,
        channel: String,
        state: String,
        title: String?,
        position: Int64,
        queued: Int,
        node: String?
    ) {
        self.bot = bot
        self.guild = guild
        self.channel = channel
        self.state = state
        self.title = title
        self.position = position
        self.queued = queued
        self.node = node
    }
}

/// A list; `next` is the cursor of the following page, absent on the last one.
package struct ListAnswer<Item: Codable & Sendable>: Codable, Sendable {
    package let items: [Item]
    package let next: String?

    init(_ items: [Item], next: String? = nil) {
        self.items = items
        self.next = next
    }
}
