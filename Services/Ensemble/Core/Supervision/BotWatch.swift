import BusContract
import MessageBus
import ServiceKit
import Synchronization

/// Keeps the state of the bots for the screen: asks the gateway each second.
final class BotWatch: Sendable {
    private let bus: BusConnection
    private let supervisor: Supervisor
    private let bots = Mutex<[BotStatus]>([])

    init(bus: BusConnection, supervisor: Supervisor) {
        self.bus = bus
        self.supervisor = supervisor
    }

    /// The bots as the gateway last told.
    var current: [BotStatus] {
        bots.withLock { $0 }
    }

    /// Asks until it is cancelled. A gateway that does not answer leaves the last answer standing: its own line tells.
    func run() async {
        while !Task.isCancelled {
            if supervisor.processIDs[.service(.gateway)] != nil,
                let fleet = try? await bus.request(FleetStatus(), timeout: .seconds(2))
            {
                bots.withLock { $0 = fleet.bots }
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
