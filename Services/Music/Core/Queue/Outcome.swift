import BusContract
import DiscordModel

/// What a command came to: recorded with its effect, so that the same interaction, handled again, answers the same.
struct PlayOutcome: Codable, Hashable, Sendable {
    var bot: BotID
    var channel: ChannelID
    var title: String
    var author: String
    var uri: String
    /// Milliseconds; 0 = a stream.
    var length: Int64
    /// Tracks that were added.
    var added: Int
    /// 0 = it plays now, 1 = it is next …
    var place: Int
    /// The playlist's name; empty = a single track.
    var playlist: String
}

struct SkipOutcome: Codable, Hashable, Sendable {
    /// Empty when nothing played.
    var skipped: String
    /// Empty when nothing follows.
    var next: String
}

struct StopOutcome: Codable, Hashable, Sendable {
    var bot: BotID
    var channel: ChannelID
    var count: Int
}
