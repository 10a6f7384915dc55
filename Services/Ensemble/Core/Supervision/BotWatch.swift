import BusContract
import MessageBus
import Synchronization

/// Keeps the state of the bots for the screen: asks the gateway each second.
final class BotWatch: Sendable {
    private let bus: BusConnection
    private let bots = Mutex<[BotStatus]>([])

    init(bus: BusConnection) {
        self.bus = bus
    }

    /// The bots as the gateway last told.
    var current: [BotStatus] {
        bots.withLock { $0 }
    }

    /// Asks until it is cancelled. A gateway that does not answer leaves the last answer standing: its own line tells.
    func run() async {
        while !Task.isCancelled {
            if let fleet = try? await bus.request(FleetStatus(), timeout: .seconds(2)) {
                bots.withLock { $0 = fleet.bots }
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
