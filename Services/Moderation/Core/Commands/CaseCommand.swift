import BusContract
import CommandKit
import DiscordModel
import FoundationEssentials
import Postgres
import Store

/// `/case`: shows one case to the moderator who asks.
struct CaseCommand: Command {
    let database: PostgresClient

    let declaration = CommandDeclaration(
        "case",
        options: [CommandOption("number", .integer, range: 1...2_147_483_647)],
        defaultPermissions: .moderateMembers,
        deferral: .ephemeral
    )

    func run(_ invocation: Invocation) async throws -> Answer {
        let guild = try invocation.guild()
        try invocation.require(.moderateMembers)
        guard let number = invocation.integer("number") else {
            throw CommandRefusal("command.missingOption", ["option": "number"])
        }
        guard let found = try await Cases(database).find(guild: guild, number: number) else {
            throw CommandRefusal("case.unknown", ["case": "\(number)"])
        }
        let moderator = found.moderator.map { "<@\($0)>" } ?? invocation.text("case.automatic")
        let card = Embed(
            title: invocation.text(
                "case.title",
                ["case": "\(found.number)", "type": invocation.text("case.type.\(found.type)")]
            ),
            color: 0xE0A030,
            fields: [
                .init(name: invocation.text("case.member"), value: "<@\(found.user)>", inline: true),
                .init(name: invocation.text("case.moderator"), value: moderator, inline: true),
                .init(name: invocation.text("case.reason"), value: String(found.reason.prefix(1_000))),
            ],
            timestamp: Date(timeIntervalSince1970: Double(found.createdAt) / 1_000).formatted(.iso8601)
        )
        return .ephemeral(OutgoingMessage(embeds: [card]))
    }
}
