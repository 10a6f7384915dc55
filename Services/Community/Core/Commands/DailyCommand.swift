import BusContract
import CommandKit
import DiscordModel
import DurableEvents
import Store

/// `/daily`: moves the day's coins from the guild's account to the member's, once a day.
struct DailyCommand: Command {
    /// Coins a day.
    static let amount: Int64 = 100

    let spine: Spine

    let declaration = CommandDeclaration("daily")

    func run(_ invocation: Invocation) async throws -> Answer {
        let guild = try invocation.guild()
        let user = invocation.member.user
        let day = Day(unixMilliseconds: Int64(clamping: invocation.request.interaction.millisecondsSinceEpoch))
        let outcome = try await spine.transaction { transaction in
            let outcome = try await Ledger(transaction).transfer(
                Self.amount,
                from: Ledger.treasury,
                to: user,
                in: guild,
                key: "daily:\(guild):\(user):\(day.number)",
                reason: "daily"
            )
            guard case .moved(let balance) = outcome else { return outcome }
            try await AuditLog(transaction).append(
                AuditEntry(
                    key: "daily:\(guild):\(user):\(day.number)",
                    guild: guild,
                    actor: "user:\(user)",
                    action: "ledger.daily",
                    subject: "user:\(user)",
                    details: ["amount": "\(Self.amount)"]
                )
            )
            try transaction.publish(
                BalanceChanged(guild: guild, user: user, amount: balance, change: Self.amount, reason: "daily")
            )
            return outcome
        }
        guard case .moved(let balance) = outcome else {
            return .ephemeral(invocation.text("daily.again", ["when": "<t:\(day.end):R>"]))
        }
        return .visible(invocation.text("daily.given", ["count": "\(Self.amount)", "balance": "\(balance)"]))
    }
}
