import BusContract
package import Logging
package import Postgres
import ServiceKit
import ServiceLifecycle
import Store
import Synchronization

/// The live instances of all services, as the registry had them a moment ago.
///
/// While the database is away the last ones that were read count: who has died since is found out by asking.
package final class InstanceDirectory: Service, Sendable {
    /// Who has said nothing for so long is taken for dead; each says that it lives every three seconds.
    package static let patience = Duration.seconds(10)
    /// How often the registry is read where it matters who answers, and elsewhere.
    private static let interval = Duration.seconds(1)
    private static let idleInterval = Duration.seconds(3)
    /// How long after the start an instance of the plan may take to appear before it is asked for.
    private static let grace = Duration.seconds(15)

    private struct State {
        var live: [LiveInstance] = []
        var isKnown = false
        /// Instances of the plan that have not been seen since the start.
        var unseen: Set<String>
    }

    package let rules: RoutingRules
    private let instances: Instances
    private let asksForUnseen: Bool
    private let logger: Logger
    private let state: Mutex<State>

    /// - Parameter asksForUnseen: whether to tell the operator of instances that the plan names and that do not appear. One
    ///   service does it for all.
    package init(rules: RoutingRules, database: any QueryExecutor, asksForUnseen: Bool = false, logger: Logger) {
        self.rules = rules
        self.asksForUnseen = asksForUnseen
        instances = Instances(database)
        self.logger = logger
        state = Mutex(State(unseen: rules.plan?.instances ?? []))
    }

    /// The instances that live.
    package var live: [LiveInstance] { state.withLock { $0.live } }

    /// Whether the registry has ever been read.
    package var isKnown: Bool { state.withLock { $0.isKnown } }

    /// Whether anything at all depends on who answers.
    package var matters: Bool {
        rules.plan != nil || live.contains { $0.profile.isRestricted }
    }

    /// Reads the registry until the service stops.
    package func run() async throws {
        let start = ContinuousClock.now
        try? await cancelWhenGracefulShutdown {
            var hasAsked = !self.asksForUnseen
            while true {
                await self.refresh()
                if !hasAsked, self.isKnown, ContinuousClock.now - start > Self.grace {
                    hasAsked = true
                    self.askForUnseen()
                }
                try await Task.sleep(for: self.matters ? Self.interval : Self.idleInterval)
            }
        }
    }

    /// Reads the registry once; what was known stays when it cannot be read.
    package func refresh() async {
        do {
            let live = try await instances.live(within: Self.patience).map { LiveInstance($0) }
            state.withLock { state in
                state.live = live
                state.isKnown = true
                if !state.unseen.isEmpty { state.unseen.subtract(live.map(\.id)) }
            }
        } catch {
            logger.debug("The live instances cannot be read", metadata: [LogKey.error: "\(error)"])
        }
    }

    private func askForUnseen() {
        let unseen = state.withLock { $0.unseen.sorted() }
        guard !unseen.isEmpty else { return }
        logger.warning(
            "The routing plan names instances that have not appeared: start them with these as INSTANCE_ID, or take them out",
            metadata: ["instances": "\(unseen.joined(separator: ", "))"]
        )
    }
}
