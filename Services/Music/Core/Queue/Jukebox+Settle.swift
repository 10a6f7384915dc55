import BusContract
import CommandKit
import DiscordModel
import DurableEvents
import Logging
import Postgres
import ServiceKit
import Store

// What the bridge has observed, taken into the queue. It reads rows, so that a report may come twice, late or never.

extension Jukebox {
    /// Acts upon what the bridge has written about a player: a track's end, a move, a loss.
    func settle(_ key: PlayerKey) async throws {
        let language = await scout.language(of: key.guild)
        let player: DesiredPlayer? = try await spine.transaction { transaction in
            let rows = PlaybackRows(transaction)
            guard let observed = try await ObservedPlayers(transaction).one(key) else { return nil }
            guard var playback = try await rows.load(key) else { return nil }
            let before = playback
            if !observed.lost.isEmpty, observed.lostGeneration >= playback.player.generation {
                try await end(&playback, because: observed.lost, language, rows, transaction)
                return playback.player
            }
            if let ended = observed.ended {
                let advance = playback.ended(ended.entry, reason: ended.reason)
                if advance == .halted {
                    try notice("music.halted", ["count": "\(Playback.failureLimit)"], before, language, transaction)
                }
                if advance != .stale { log(advance, ended, key) }
            }
            if let channel = observed.channel, channel != playback.player.channel,
                observed.generation == before.player.generation
            {
                try await follow(channel, &playback, rows)
            }
            guard playback != before else { return nil }
            try await rows.save(&playback)
            try announce(playback, in: transaction)
            return playback.player
        }
        if let player { changed.yield(player) }
    }

    /// A moderator has moved the bot: it stays there, unless another of ours has that channel.
    private func follow(_ channel: ChannelID, _ playback: inout Playback, _ rows: PlaybackRows) async throws {
        let others = try await rows.players.inGuild(playback.player.key.guild)
        if others.contains(where: { $0.key != playback.player.key && $0.channel == channel }) {
            playback.insistOnChannel()
        } else {
            playback.move(to: channel)
        }
    }

    /// The bot is out of its channel for good.
    private func end(
        _ playback: inout Playback,
        because reason: String,
        _ language: Language,
        _ rows: PlaybackRows,
        _ transaction: DurableTransaction
    ) async throws {
        let before = playback
        _ = playback.stop()
        try await rows.save(&playback)
        try await rows.players.delete(playback.player.key)
        try announceEnd(playback.player, in: transaction)
        logger.notice(
            "a player has ended",
            metadata: [
                LogKey.bot: "\(before.player.key.bot)", LogKey.guild: "\(before.player.key.guild)",
                "reason": "\(reason)",
            ]
        )
        let key = reason == "unanswered" ? "music.couldNotJoin" : "music.disconnected"
        try notice(key, ["channel": "<#\(before.player.channel)>"], before, language, transaction)
    }

    /// Takes away players that have nothing to play, or nobody to play for.
    func leaveAbandoned(idle: Duration, alone: Duration) async throws {
        let players = DesiredPlayers(database)
        let rows = try await players.all()
        for (guild, seats) in Dictionary(grouping: rows, by: \.key.guild) {
            // Without an answer nobody is known to be alone.
            guard let listened = try? await scout.listenedChannels(in: guild) else { continue }
            for seat in seats {
                try await players.setAlone(!listened.contains(seat.channel), seat.key)
            }
        }
        for key in try await players.abandoned(idle: idle, alone: alone) {
            let gone: DesiredPlayer? = try await spine.transaction { transaction in
                let rows = PlaybackRows(transaction)
                guard var playback = try await rows.load(key) else { return nil }
                // A member may have come, or wished for something, since the list was made.
                let still = try await DesiredPlayers(transaction).abandoned(idle: idle, alone: alone)
                guard still.contains(key) else { return nil }
                _ = playback.stop()
                try await rows.save(&playback)
                try await rows.players.delete(key)
                try announceEnd(playback.player, in: transaction)
                return playback.player
            }
            guard let gone else { continue }
            logger.info("a bot leaves an empty or silent channel", metadata: [LogKey.bot: "\(key.bot)"])
            changed.yield(gone)
        }
    }

    /// Says something in the channel from which the player was started, in the guild's language.
    private func notice(
        _ key: String,
        _ arguments: [String: String],
        _ playback: Playback,
        _ language: Language,
        _ transaction: DurableTransaction
    ) throws {
        guard let channel = playback.player.textChannel else { return }
        transaction.add(
            try .sendMessage(
                OutgoingMessage(content: texts.text(key, in: language, arguments)),
                to: channel,
                by: playback.player.key.bot,
                key: "\(key):\(playback.player.key):\(playback.player.generation)",
                life: .seconds(600)
            )
        )
    }

    private func log(_ advance: Playback.Advance, _ ended: EndedEntry, _ key: PlayerKey) {
        logger.debug(
            "a track has ended",
            metadata: [
                LogKey.bot: "\(key.bot)", LogKey.guild: "\(key.guild)", "entry": "\(ended.entry)",
                "reason": "\(ended.reason)",
            ]
        )
    }
}
