import BusContract
import CommandKit
import DiscordModel
import DurableEvents
import MessageBus
import Store

/// `/warn`: opens a case of type `warn` and tells the member in the channel.
struct WarnCommand: Command {
    let spine: Spine
    let bus: BusConnection

    let declaration = CommandDeclaration(
        "warn",
        options: [
            CommandOption("member", .user), CommandOption("reason", .string, isRequired: false, range: 1...400),
        ],
        defaultPermissions: .moderateMembers
    )

    func run(_ invocation: Invocation) async throws -> Answer {
        let guild = try invocation.guild()
        try invocation.require(.moderateMembers)
        let target = try invocation.user("member")
        try await check(target, by: invocation.member, in: guild)
        let reason = invocation.string("reason") ?? invocation.text("warn.noReason")
        let opened = try await spine.transaction { transaction in
            let opened = try await Cases(transaction).open(
                NewCase(
                    guild: guild,
                    type: "warn",
                    user: target.user,
                    moderator: invocation.member.user,
                    reason: reason,
                    channel: invocation.request.channel,
                    key: invocation.key
                )
            )
            guard opened.isNew else { return opened.case }
            try await AuditLog(transaction).append(
                AuditEntry(
                    key: invocation.key,
                    guild: guild,
                    actor: "user:\(invocation.member.user)",
                    action: "case.open",
                    subject: "user:\(target.user)",
                    details: ["case": "\(opened.case.number)", "reason": reason]
                )
            )
            try transaction.publish(CaseOpened(opened.case))
            return opened.case
        }
        let text = invocation.text(
            "warn.done",
            ["member": "<@\(target.user)>", "reason": reason, "case": "\(opened.number)"]
        )
        return .visible(OutgoingMessage(content: text, allowedMentions: .only(target.user)))
    }

    /// Discord checks only our bot's rank, never the moderator's: we do.
    private func check(_ target: InteractionMember, by moderator: InteractionMember, in guild: GuildID) async throws {
        guard !target.isBot else { throw CommandRefusal("warn.bot") }
        guard target.user != moderator.user else { throw CommandRefusal("warn.self") }
        let them = try await bus.request(QueryMember(guild: guild, user: target.user), timeout: .seconds(2))
        let us = try await bus.request(QueryMember(guild: guild, user: moderator.user), timeout: .seconds(2))
        guard them.known else { throw CommandRefusal("warn.notMember") }
        guard !them.isOwner, us.isOwner || us.highestRolePosition > them.highestRolePosition else {
            throw CommandRefusal("warn.hierarchy")
        }
    }
}
