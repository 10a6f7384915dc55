package import DiscordModel
package import FoundationEssentials
package import Postgres

/// An answer that a persona owes.
package struct NewTurn: Sendable {
    package var message: MessageID
    package var bot: BotID
    package var guild: GuildID?
    package var channel: ChannelID
    package var author: UserID
    /// Turns of one conversation run one after the other; by default bot and channel.
    package var conversation: String
    /// What the worker needs, in its own form.
    package var request: JSONParameter
    /// Of the channel, a thread's by its channel; empty where nothing depends on it.
    package var channelName: String
    /// Of the channel's category, likewise.
    package var categoryName: String
    /// After this the answer is no longer wanted.
    package var expiresAt: Date

    package init(
        message: MessageID,
        bot: BotID,
        guild: GuildID?,
        channel: ChannelID,
        author: UserID,
        conversation: String? = nil,
        request: JSONParameter,
        channelName: String = "",
        categoryName: String = "",
        expiresAt: Date
    ) {
        self.message = message
        self.bot = bot
        self.guild = guild
        self.channel = channel
        self.author = author
        self.conversation = conversation ?? "\(bot)/\(channel)"
        self.request = request
        self.channelName = channelName
        self.categoryName = categoryName
        self.expiresAt = expiresAt
    }
}

/// Where turns were asked for, by what decides who may answer.
package struct TurnPlace: Hashable, Sendable {
    package var guild: GuildID?
    package var channelName: String
    package var categoryName: String

    package init(guild: GuildID?, channelName: String = "", categoryName: String = "") {
        self.guild = guild
        self.channelName = channelName
        self.categoryName = categoryName
    }
}

/// A turn as its table has it.
package struct Turn: Hashable, Sendable {
    package enum State: String, Sendable {
        case waiting
        case running
        case answered
        /// It could not be answered; the member was told why.
        case failed
        /// It came too late; the member was told so.
        case expired
    }

    package let id: Int64
    package let message: MessageID
    package let bot: BotID
    package let guild: GuildID?
    package let channel: ChannelID
    package let author: UserID
    package let conversation: String
    /// JSON text.
    package let request: String
    /// The route by which it was claimed; empty where there are none.
    package let route: String
    package let state: State
    /// Counts claims from 1; the fence of every write.
    package let attempt: Int
    package let expiresAt: Date
    /// The messages of the answer so far, in order.
    package let answers: [MessageID]
    package let reservation: String?
    /// JSON text: what the recorder has.
    package let record: String
    package let createdAt: Date
    package let finishedAt: Date?
    /// When the row was read, by the database's clock: by it turns expire, whatever a worker's own shows.
    package let readAt: Date

    /// What is selected of a turn.
    static let columns: Query = "turns.*, clock_timestamp() AS read_at"

    init(_ row: Row) throws(PostgresError) {
        id = try row["id"]
        message = try row["message"]
        bot = try row["bot"]
        guild = try row["guild"]
        channel = try row["channel"]
        author = try row["author"]
        conversation = try row["conversation"]
        request = try row["request"]
        route = try row["route"]
        state = State(rawValue: try row["state"]) ?? .failed
        attempt = try row["attempt"]
        expiresAt = try row["expires_at"]
        answers = try row["answers"]
        reservation = try row["reservation"]
        record = try row["record"]
        createdAt = try row["created_at"]
        finishedAt = try row["finished_at"]
        readAt = try row["read_at"]
    }
}
