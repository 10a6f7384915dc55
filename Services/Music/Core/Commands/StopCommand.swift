import BusContract
import CommandKit

/// `/stop`: empties the queue of the member's voice channel and lets the bot leave.
struct StopCommand: Command {
    let jukebox: Jukebox

    let declaration = CommandDeclaration("stop")

    func run(_ invocation: Invocation) async throws -> Answer {
        let outcome = try await jukebox.stop(
            invocation.request.interaction,
            guild: try invocation.guild(),
            user: invocation.member.user
        )
        let bot = await jukebox.scout.name(of: outcome.bot)
        return .visible(invocation.text("music.stopped", ["bot": bot, "channel": "<#\(outcome.channel)>"]))
    }
}
