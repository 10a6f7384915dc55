package import DiscordModel
import Store

/// Which bot plays for a member: the WorkerManager's decision, pure.
///
/// The bot that is already in the member's channel; else the first free one in the troupe's order; else one that sits
/// somewhere with nothing to play.
package struct WorkerPool: Hashable, Sendable {
    /// One bot, as far as the choice needs it.
    package struct Worker: Hashable, Sendable {
        package var bot: BotID
        /// Logged in, and a member of the guild.
        package var isAvailable: Bool
        /// What it lacks in the member's channel; empty = it may speak there.
        package var missing: Permissions

        package init(bot: BotID, isAvailable: Bool, missing: Permissions = []) {
            self.bot = bot
            self.isAvailable = isAvailable
            self.missing = missing
        }
    }

    /// A player of the guild, as far as the choice needs it.
    package struct Seat: Hashable, Sendable {
        package var bot: BotID
        package var channel: ChannelID
        /// Nothing plays and nothing is queued.
        package var isIdle: Bool

        package init(bot: BotID, channel: ChannelID, isIdle: Bool) {
            self.bot = bot
            self.channel = channel
            self.isIdle = isIdle
        }
    }

    package enum Choice: Hashable, Sendable {
        /// It has a player in that channel.
        case reuse(BotID)
        /// It is free.
        case assign(BotID)
        /// It sits idle in another channel and comes over.
        case move(BotID)
        /// Every bot that could play is busy elsewhere; how many there are.
        case allBusy(Int)
        /// A bot is free, but may not: what it lacks.
        case forbidden(BotID, Permissions)
        /// No bot is online in this guild.
        case nobody
    }

    /// What a bot needs in a voice channel.
    package static let needed: Permissions = [.viewChannel, .connect, .speak]

    /// - Parameters:
    ///   - channel: The member's voice channel.
    ///   - workers: In the troupe's order.
    ///   - seats: The players of that guild.
    package static func choose(channel: ChannelID, workers: [Worker], seats: [Seat]) -> Choice {
        if let seat = seats.first(where: { $0.channel == channel }) { return .reuse(seat.bot) }
        let present = workers.filter(\.isAvailable)
        guard !present.isEmpty else { return .nobody }
        let taken = Dictionary(seats.map { ($0.bot, $0) }, uniquingKeysWith: { first, _ in first })
        let free = present.filter { taken[$0.bot] == nil }
        if let worker = free.first(where: { $0.missing.isEmpty }) { return .assign(worker.bot) }
        if let worker = present.first(where: { taken[$0.bot]?.isIdle == true && $0.missing.isEmpty }) {
            return .move(worker.bot)
        }
        if let worker = free.first { return .forbidden(worker.bot, worker.missing) }
        return .allBusy(present.count)
    }

    /// The troupe's order: the primary bot, then as the operator lists them, then the rest by name.
    package static func ordered(_ bots: [BotID], primary: BotID?, preferred: [BotID]) -> [BotID] {
        let listed = ([primary].compactMap { $0 } + preferred).filter(bots.contains)
        var result: [BotID] = []
        for bot in listed + bots.sorted() where !result.contains(bot) {
            result.append(bot)
        }
        return result
    }
}
