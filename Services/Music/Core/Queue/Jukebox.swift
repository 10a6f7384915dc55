import BusContract
import CommandKit
import DiscordModel
import DurableEvents
import Logging
import MessageBus
import Postgres
import ServiceKit
import Store

/// What members can do with players, each in one transaction: choose a bot, change a queue, look at it.
///
/// The bridge hears of every change by `SyncPlayer`, and finds it in the table anyhow.
struct Jukebox: Sendable {
    let spine: Spine
    let bus: BusConnection
    let scout: WorkerScout
    let texts: Catalogue
    let logger: Logger
    /// Players whose row has changed; `MusicService` tells the bridge.
    let changed: AsyncStream<DesiredPlayer>.Continuation

    var database: PostgresClient { spine.database }

    /// Runs a transaction once, whatever happens to the connection: when nobody knows whether the commit was done, the
    /// recorded outcome tells.
    func once<Outcome: Codable & Sendable>(
        _ interaction: InteractionID,
        _ body: (DurableTransaction) async throws -> Outcome
    ) async throws -> Outcome {
        var attempts = 0
        while true {
            attempts += 1
            if let done: Outcome = try await MusicCommands(database).outcome(of: interaction) { return done }
            do {
                return try await spine.transaction { transaction in
                    let outcome = try await body(transaction)
                    try await MusicCommands(transaction).record(outcome, of: interaction)
                    return outcome
                }
            } catch let error as PostgresError {
                // A unique violation: the same interaction, or another wish for the same channel, was faster.
                let again = error.isRetriable || error.code == .outcomeUnknown || error.isUniqueViolation
                guard again, attempts < 3 else { throw error }
            }
        }
    }

    /// The player in the member's voice channel.
    ///
    /// - Throws: `CommandRefusal` when nothing plays there, or the member is in no voice channel.
    func player(of user: UserID, in guild: GuildID) async throws -> DesiredPlayer {
        let players = try await DesiredPlayers(database).inGuild(guild)
        guard let first = players.first else { throw CommandRefusal("music.nothingPlays") }
        guard let channel = try await scout.voiceChannel(of: user, in: guild) else {
            throw CommandRefusal("music.notInVoice")
        }
        guard let player = players.first(where: { $0.channel == channel }) else {
            throw CommandRefusal("music.notWithYou", ["channel": "<#\(first.channel)>"])
        }
        return player
    }

    /// The player to show: the one with the member, else the guild's only one.
    func visiblePlayer(for user: UserID, in guild: GuildID) async throws -> DesiredPlayer {
        let players = try await DesiredPlayers(database).inGuild(guild)
        guard !players.isEmpty else { throw CommandRefusal("music.nothingPlays") }
        let channel = try? await scout.voiceChannel(of: user, in: guild)
        if let mine = players.first(where: { $0.channel == channel }) { return mine }
        guard players.count == 1 else { throw CommandRefusal("music.whichPlayer") }
        return players[0]
    }

    /// Tells the live feed and the bridge, after the commit.
    func announce(_ playback: Playback, in transaction: DurableTransaction) throws {
        try transaction.publish(
            PlayerChanged(
                bot: playback.player.key.bot,
                guild: playback.player.key.guild,
                channel: playback.player.channel,
                state: playback.current == nil ? "idle" : playback.player.paused ? "paused" : "playing",
                title: playback.current?.track.title ?? "",
                queued: playback.queue.count
            )
        )
    }

    /// Tells the live feed that a player is gone.
    func announceEnd(_ player: DesiredPlayer, in transaction: DurableTransaction) throws {
        try transaction.publish(
            PlayerChanged(
                bot: player.key.bot,
                guild: player.key.guild,
                channel: nil,
                state: "idle",
                title: "",
                queued: 0
            )
        )
    }
}
