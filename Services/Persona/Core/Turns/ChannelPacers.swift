import DiscordModel
import Synchronization

/// The pace of edits of each bot in each channel, kept between turns: the next answer in a channel that Discord holds
/// back begins slowly too.
final class ChannelPacers: Sendable {
    private struct Key: Hashable {
        let bot: BotID
        let channel: ChannelID
    }

    /// Channels remembered; beyond that all of them start afresh, which costs at most a few edits.
    private static let capacity = 10_000

    private let interval: Duration
    private let pacers = Mutex<[Key: EditPacer]>([:])

    init(interval: Duration) {
        self.interval = interval
    }

    /// The pacer for a new turn, whose clock begins at zero.
    func pacer(of bot: BotID, in channel: ChannelID) -> EditPacer {
        pacers.withLock { $0[Key(bot: bot, channel: channel)] }?.restarted ?? EditPacer(interval: interval)
    }

    /// Keeps what a turn has learnt; nothing is kept where all is well.
    func store(_ pacer: EditPacer, of bot: BotID, in channel: ChannelID) {
        pacers.withLock { pacers in
            if pacers.count >= Self.capacity { pacers.removeAll() }
            pacers[Key(bot: bot, channel: channel)] = pacer.isAtRest ? nil : pacer
        }
    }
}
