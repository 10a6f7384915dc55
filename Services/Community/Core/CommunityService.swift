import BusContract
import CommandKit
import MessageBus
package import ServiceHost
package import ServiceKit
import Store

// Community: the economy of each guild.
//
// State owned here: the tables `accounts` and `ledger`. A command is a file in `Commands/` and a line in `commands`.

/// The community service.
package struct CommunityService: HostedService {
    package static let name = ServiceName.community

    private let host: Host
    private let commands: CommandService

    package init(host: Host) async throws {
        self.host = host
        commands = CommandService(
            router: CommandRouter(
                commands: [BalanceCommand(database: host.database), DailyCommand(spine: host.spine)],
                texts: try CommunityTexts.catalogue(),
                logger: host.logger("commands")
            ),
            role: .community,
            bus: host.bus,
            isRestricted: host.isRestricted,
            health: host.health,
            logger: host.logger("commands")
        )
    }

    package func run() async throws {
        let host = host
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await commands.run() }
            group.addTask {
                try await host.bus.serve(QueryBalance.self) { query, _ in
                    let amount = try await Ledger(host.database).balance(of: query.user, in: query.guild)
                    return Balance(user: query.user, amount: amount)
                }
            }
        }
    }
}
