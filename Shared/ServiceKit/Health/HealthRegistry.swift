import Synchronization

/// What `/health` and `/ready` say: the parts of a process, whether each can do its work, and how full its queues are.
///
/// A process is ready when all of its components are. One that has not reported yet is not.
package final class HealthRegistry: Sendable {
    /// The state of one part.
    package struct State: Sendable, Equatable {
        /// Whether the part can do its work.
        package let isReady: Bool
        /// Why not, or a remark for the operator.
        package let detail: String?

        package init(isReady: Bool, detail: String?) {
            self.isReady = isReady
            self.detail = detail
        }
    }

    private struct Contents {
        var components: [String: State] = [:]
        var asked: [String: @Sendable () -> State] = [:]
        var queues: [String: @Sendable () -> Int] = [:]
        var loads: [@Sendable () -> Double] = []
    }

    private let contents = Mutex(Contents())
    private let started = ContinuousClock.now

    /// Makes a registry without components: ready until the first one is named.
    package init() {}

    /// Names a part; it counts as not ready until it reports. The same name gives the same part.
    package func component(_ name: String) -> HealthComponent {
        contents.withLock {
            if $0.components[name] == nil { $0.components[name] = State(isReady: false, detail: "starting") }
        }
        return HealthComponent(name: name, registry: self)
    }

    /// Names a part that does not report, but is asked whenever somebody wants to know.
    package func component(_ name: String, state: @escaping @Sendable () -> State) {
        contents.withLock { $0.asked[name] = state }
    }

    /// Forgets a part that the process has no more.
    package func remove(_ name: String) {
        contents.withLock { $0.components[name] = nil }
    }

    /// Names a queue whose length `/health` shows.
    package func queue(_ name: String, size: @escaping @Sendable () -> Int) {
        contents.withLock { $0.queues[name] = size }
    }

    /// Names work of which only so much can be done at a time.
    ///
    /// - Parameter running: how much is being done.
    package func work(capacity: Int, running: @escaping @Sendable () -> Int) {
        contents.withLock { $0.loads.append { Double(running()) / Double(max(1, capacity)) } }
    }

    /// How busy the process is: the fullest of what it works at, 1 when it can take no more of that.
    package var load: Double {
        contents.withLock { $0.loads }.map { $0() }.max() ?? 0
    }

    /// All components, by name.
    package var components: [String: State] {
        let (told, asked) = contents.withLock { ($0.components, $0.asked) }
        return told.merging(asked.mapValues { $0() }) { _, asked in asked }
    }

    /// The lengths of all queues, by name.
    package var queueSizes: [String: Int] {
        contents.withLock { $0.queues }.mapValues { $0() }
    }

    /// Whether every component is ready.
    package var isReady: Bool {
        components.values.allSatisfy(\.isReady)
    }

    /// Time since the process started.
    package var uptime: Duration {
        started.duration(to: .now)
    }

    func set(_ name: String, _ state: State) {
        contents.withLock { $0.components[name] = state }
    }
}

/// The handle by which one part of a process reports its state.
package struct HealthComponent: Sendable {
    let name: String
    let registry: HealthRegistry

    /// The part can do its work.
    package func ready(_ detail: String? = nil) {
        registry.set(name, .init(isReady: true, detail: detail))
    }

    /// The part cannot, for the given reason.
    package func notReady(_ why: String) {
        registry.set(name, .init(isReady: false, detail: why))
    }
}
