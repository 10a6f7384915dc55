import BusContract
import CommandKit
import DiscordModel

/// `/play`: lets a bot play in the member's voice channel, or puts it into that channel's queue.
struct PlayCommand: Command {
    let jukebox: Jukebox

    let declaration = CommandDeclaration("play", options: [CommandOption("query", .string, range: 1...500)])

    func run(_ invocation: Invocation) async throws -> Answer {
        let outcome = try await jukebox.play(
            Jukebox.Wish(
                interaction: invocation.request.interaction,
                guild: try invocation.guild(),
                textChannel: invocation.request.channel,
                user: invocation.member.user,
                query: try invocation.required("query")
            )
        )
        var arguments = [
            "title": outcome.title.quoted,
            "author": outcome.author.quoted,
            "time": outcome.length > 0 ? TimeText.clock(outcome.length) : invocation.text("music.live"),
            "bot": await jukebox.scout.name(of: outcome.bot),
            "channel": "<#\(outcome.channel)>",
            "place": "\(outcome.place)",
        ]
        guard outcome.playlist.isEmpty else {
            arguments["count"] = "\(outcome.added)"
            arguments["playlist"] = outcome.playlist.quoted
            return .visible(invocation.text("music.playlistAdded", arguments))
        }
        return .visible(invocation.text(outcome.place == 0 ? "music.playing" : "music.queued", arguments))
    }
}
