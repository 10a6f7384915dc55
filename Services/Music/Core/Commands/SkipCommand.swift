import BusContract
import CommandKit

/// `/skip`: goes on to the next track in the member's voice channel.
struct SkipCommand: Command {
    let jukebox: Jukebox

    let declaration = CommandDeclaration("skip")

    func run(_ invocation: Invocation) async throws -> Answer {
        let outcome = try await jukebox.skip(
            invocation.request.interaction,
            guild: try invocation.guild(),
            user: invocation.member.user
        )
        let key = outcome.next.isEmpty ? "music.skippedLast" : "music.skipped"
        return .visible(invocation.text(key, ["title": outcome.skipped.quoted, "next": outcome.next.quoted]))
    }
}
