import BusContract
import CommandKit
import DiscordModel
import DurableEvents
import Logging
import MessageBus
import Postgres
import Store

extension Jukebox {
    /// A member's wish to hear something.
    struct Wish: Sendable {
        var interaction: InteractionID
        var guild: GuildID
        var textChannel: ChannelID?
        var user: UserID
        var query: String
    }

    /// Finds the tracks and a bot, and lets it play or queues.
    ///
    /// - Throws: `CommandRefusal` with what stands in the way.
    func play(_ wish: Wish) async throws -> PlayOutcome {
        if let done: PlayOutcome = try await MusicCommands(database).outcome(of: wish.interaction) { return done }
        guard let channel = try await scout.voiceChannel(of: wish.user, in: wish.guild) else {
            throw CommandRefusal("music.notInVoice")
        }
        async let loading = load(wish.query)
        let workers = try await scout.workers(in: wish.guild, channel: channel)
        let loaded = try await loading
        let outcome: PlayOutcome = try await once(wish.interaction) { transaction in
            let rows = PlaybackRows(transaction)
            try await rows.players.lockGuild(wish.guild)
            var player = try await seat(wish, channel: channel, workers: workers, rows)
            player.textChannel = wish.textChannel ?? player.textChannel
            var playback = try await rows.load(player)
            let entries = loaded.tracks.enumerated().map { index, track in
                QueueEntry(
                    id: QueueEntryID(interaction: wish.interaction, index: index),
                    track: track,
                    requester: wish.user
                )
            }
            let (taken, place) = playback.enqueue(entries)
            guard taken > 0 else { throw CommandRefusal("music.queueFull", ["count": "\(Playback.capacity)"]) }
            try await rows.save(&playback)
            try announce(playback, in: transaction)
            let first = loaded.tracks[0]
            return PlayOutcome(
                bot: player.key.bot,
                channel: channel,
                title: first.title,
                author: first.author,
                uri: first.uri,
                length: first.isStream ? 0 : first.length,
                added: taken,
                place: place,
                playlist: loaded.playlist
            )
        }
        changed.yield(DesiredPlayer(key: PlayerKey(bot: outcome.bot, guild: wish.guild), channel: outcome.channel))
        return outcome
    }

    /// The player in the member's channel, an old one or a new one; its row is locked.
    private func seat(
        _ wish: Wish,
        channel: ChannelID,
        workers: [WorkerPool.Worker],
        _ rows: PlaybackRows
    ) async throws -> DesiredPlayer {
        let players = try await rows.players.inGuild(wish.guild)
        let seats = players.map {
            WorkerPool.Seat(bot: $0.key.bot, channel: $0.channel, isIdle: $0.entry == nil && $0.failures == 0)
        }
        let bot: BotID
        switch WorkerPool.choose(channel: channel, workers: workers, seats: seats) {
        case .reuse(let sitting):
            bot = sitting
        case .assign(let free):
            bot = free
            let player = DesiredPlayer(
                key: PlayerKey(bot: free, guild: wish.guild),
                channel: channel,
                textChannel: wish.textChannel
            )
            try await rows.players.insert(player)
        case .move(let idle):
            bot = idle
        case .allBusy(let count):
            throw CommandRefusal("music.allBusy", ["count": "\(count)"])
        case .forbidden(let worker, let missing):
            throw CommandRefusal(
                missing.contains(.connect) || missing.contains(.viewChannel) ? "music.mayNotJoin" : "music.mayNotSpeak",
                ["bot": await scout.name(of: worker), "channel": "<#\(channel)>"]
            )
        case .nobody:
            throw CommandRefusal("music.nobody")
        }
        guard var player = try await rows.players.locked(PlayerKey(bot: bot, guild: wish.guild)) else {
            // It was ended between our looking and our locking, which the guild's lock rules out for our own commands.
            throw CommandRefusal("music.tryAgain")
        }
        player.channel = channel
        return player
    }

    private func load(_ query: String) async throws -> LoadedTracks {
        let loaded: LoadedTracks
        do {
            loaded = try await bus.request(LoadTracks(query: query, limit: 1), timeout: .seconds(12))
        } catch {
            logger.warning("a search was not answered", metadata: ["error": "\(error)"])
            throw CommandRefusal("music.noNode")
        }
        switch loaded.kind {
        case .track, .search, .playlist:
            guard !loaded.tracks.isEmpty else { throw CommandRefusal("music.nothingFound", ["query": query.quoted]) }
            return loaded
        case .failed: throw CommandRefusal("music.loadFailed", ["reason": loaded.message.quoted])
        case .refused: throw CommandRefusal("music.linkRefused")
        case .noNode: throw CommandRefusal("music.noNode")
        default: throw CommandRefusal("music.nothingFound", ["query": query.quoted])
        }
    }

    /// Goes on to the next track in the member's channel.
    func skip(_ interaction: InteractionID, guild: GuildID, user: UserID) async throws -> SkipOutcome {
        if let done: SkipOutcome = try await MusicCommands(database).outcome(of: interaction) { return done }
        let player = try await player(of: user, in: guild)
        let outcome: SkipOutcome = try await once(interaction) { transaction in
            let rows = PlaybackRows(transaction)
            guard var playback = try await rows.load(player.key) else { throw CommandRefusal("music.nothingPlays") }
            let (skipped, next) = playback.skip()
            guard skipped != nil || next != nil else { throw CommandRefusal("music.nothingPlays") }
            try await rows.save(&playback)
            try announce(playback, in: transaction)
            return SkipOutcome(skipped: skipped?.track.title ?? "", next: next?.track.title ?? "")
        }
        changed.yield(player)
        return outcome
    }

    /// Ends the player in the member's channel: the queue goes, the bot leaves.
    func stop(_ interaction: InteractionID, guild: GuildID, user: UserID) async throws -> StopOutcome {
        if let done: StopOutcome = try await MusicCommands(database).outcome(of: interaction) { return done }
        let player = try await player(of: user, in: guild)
        let outcome: StopOutcome = try await once(interaction) { transaction in
            let rows = PlaybackRows(transaction)
            guard var playback = try await rows.load(player.key) else { throw CommandRefusal("music.nothingPlays") }
            let count = playback.stop()
            try await rows.save(&playback)
            try await rows.players.delete(player.key)
            try announceEnd(player, in: transaction)
            return StopOutcome(bot: player.key.bot, channel: player.channel, count: count)
        }
        changed.yield(player)
        return outcome
    }
}
