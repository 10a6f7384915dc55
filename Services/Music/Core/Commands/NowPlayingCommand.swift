import BusContract
import CommandKit
import DiscordModel
import FoundationEssentials
import Store

/// `/nowplaying`: the track that plays, and where it is.
struct NowPlayingCommand: Command {
    let jukebox: Jukebox

    let declaration = CommandDeclaration("nowplaying")

    func run(_ invocation: Invocation) async throws -> Answer {
        let player = try await jukebox.visiblePlayer(for: invocation.member.user, in: try invocation.guild())
        let playback = try await PlaybackRows(jukebox.database).load(player)
        guard let current = playback.current else { throw CommandRefusal("music.nothingPlays") }
        let observed = try await ObservedPlayers(jukebox.database).one(player.key)
        let now = Int64((Date().timeIntervalSince1970 * 1000).rounded())
        let bot = await jukebox.scout.name(of: player.key.bot)
        return .visible(
            NowPlayingCard(
                entry: current,
                next: playback.queue.first,
                position: observed?.entry == current.id ? observed?.position(at: now) ?? 0 : 0,
                isPlaying: observed?.entry == current.id && observed?.isPlaying == true,
                bot: bot,
                channel: player.channel
            ).message(invocation.text)
        )
    }
}

/// The card that shows what plays. Pure.
struct NowPlayingCard: Sendable {
    let entry: QueueEntry
    let next: QueueEntry?
    /// Milliseconds.
    let position: Int64
    let isPlaying: Bool
    let bot: String
    let channel: ChannelID

    func message(_ text: (String, [String: String]) -> String) -> OutgoingMessage {
        let track = entry.track
        let symbol = isPlaying ? "▶️" : "⏸️"
        let progress =
            track.isStream
            ? "\(symbol) \(text("music.live", [:]))"
            : "\(symbol) \(TimeText.bar(position: position, length: track.length)) "
                + "`\(TimeText.clock(min(position, track.length))) / \(TimeText.clock(track.length))`"
        var fields = [
            Embed.Field(name: text("music.requestedBy", [:]), value: "<@\(entry.requester)>", inline: true),
            Embed.Field(name: text("music.playedBy", [:]), value: "\(bot.quoted) · <#\(channel)>", inline: true),
        ]
        if let next {
            fields.append(.init(name: text("music.upNext", [:]), value: next.track.title.quoted, inline: false))
        }
        let embed = Embed(
            title: text("music.nowPlaying", [:]),
            description: "**\(track.linkedTitle)**\n\(track.author.quoted)\n\n\(progress)",
            color: 0x57F287,
            fields: fields
        )
        return OutgoingMessage(embeds: [embed])
    }
}
