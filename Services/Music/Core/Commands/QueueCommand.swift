import BusContract
import CommandKit
import DiscordModel
import Store

/// `/queue`: what plays and what comes, by pages.
struct QueueCommand: Command {
    let jukebox: Jukebox

    let declaration = CommandDeclaration(
        "queue",
        options: [CommandOption("page", .integer, isRequired: false, range: 1...100)]
    )

    func run(_ invocation: Invocation) async throws -> Answer {
        let player = try await jukebox.visiblePlayer(for: invocation.member.user, in: try invocation.guild())
        let playback = try await PlaybackRows(jukebox.database).load(player)
        let page = QueuePage(playback: playback, page: (invocation.integer("page") ?? 1) - 1)
        return .visible(page.message(invocation.text))
    }
}

/// The buttons under a queue.
struct QueueButtons: ComponentHandler {
    let jukebox: Jukebox

    let prefix = QueuePage.prefix
    let deferral = Deferral.update

    func run(_ invocation: Invocation) async throws -> Answer {
        guard let (bot, page) = QueuePage.read(invocation.request.name) else { throw CommandRefusal("command.unknown") }
        let key = PlayerKey(bot: bot, guild: try invocation.guild())
        guard let player = try await DesiredPlayers(jukebox.database).one(key) else {
            throw CommandRefusal("music.nothingPlays")
        }
        let playback = try await PlaybackRows(jukebox.database).load(player)
        return .update(QueuePage(playback: playback, page: page).message(invocation.text))
    }
}
