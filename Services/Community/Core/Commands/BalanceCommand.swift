import BusContract
import CommandKit
import DiscordModel
import Postgres
import Store

/// `/balance`: shows how many coins a member has.
struct BalanceCommand: Command {
    let database: PostgresClient

    let declaration = CommandDeclaration(
        "balance",
        options: [CommandOption("member", .user, isRequired: false)]
    )

    func run(_ invocation: Invocation) async throws -> Answer {
        let guild = try invocation.guild()
        let asked: UserID? = invocation.id("member")
        let user = asked ?? invocation.member.user
        let balance = try await Ledger(database).balance(of: user, in: guild)
        let key = user == invocation.member.user ? "balance.own" : "balance.other"
        return .visible(invocation.text(key, ["count": "\(balance)", "member": "<@\(user)>"]))
    }
}
