import BusContract
import CommandKit
import DiscordModel
import DurableEvents
import FoundationEssentials
import Store

/// `/remind`: schedules a reminder for the member in the channel where it was asked for.
struct RemindCommand: Command {
    /// The most reminders that a member can have waiting.
    static let limit = 50

    let spine: Spine

    let declaration = CommandDeclaration(
        "remind",
        options: [CommandOption("in", .string, range: 1...50), CommandOption("text", .string, range: 1...500)],
        inDirectMessages: true
    )

    func run(_ invocation: Invocation) async throws -> Answer {
        let typed = try invocation.required("in")
        let text = try invocation.required("text")
        guard let span = RelativeTime(typed) else { throw CommandRefusal("remind.unreadable", ["value": typed]) }
        guard (1...366 * 86_400).contains(span.seconds) else { throw CommandRefusal("remind.outOfRange") }
        guard let channel = invocation.request.channel else { throw CommandRefusal("command.unknown") }
        let reminder = Reminder(
            bot: invocation.bot,
            channel: channel,
            user: invocation.member.user,
            text: text,
            language: invocation.language.rawValue
        )
        let data = String(decoding: try JSONEncoder().encode(reminder), as: UTF8.self)
        // From when the member pressed return, by Discord's clock, however long the way to us was.
        let asked = Date(timeIntervalSince1970: Double(invocation.request.interaction.millisecondsSinceEpoch) / 1_000)
        let due = asked.addingTimeInterval(Double(span.seconds))
        try await spine.transaction { transaction in
            let jobs = Jobs(transaction)
            let waiting = try await jobs.waiting(of: invocation.member.user, kind: Reminder.kind)
            guard waiting < Self.limit else { throw CommandRefusal("remind.tooMany", ["count": "\(waiting)"]) }
            try await jobs.schedule(
                NewJob(
                    key: "remind:\(invocation.request.interaction)",
                    target: "scheduler",
                    kind: Reminder.kind,
                    guild: invocation.request.guild,
                    user: invocation.member.user,
                    data: data,
                    dueAt: due
                )
            )
        }
        // Discord shows the time in each reader's own zone and language.
        let when = "<t:\(Int64(due.timeIntervalSince1970.rounded(.up))):R>"
        return .visible(invocation.text("remind.set", ["when": when, "text": text]))
    }
}
