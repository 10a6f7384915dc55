import LocalPostgres
import Logging
import ServiceKit
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// Performs what ``SupervisorMachine`` decides: starts children, passes signals on, watches exits.
///
/// It owns the children. One task takes the events in order; everything else only puts events in.
final class Supervisor: Sendable {
    private let environments: ChildEnvironments
    private let cluster: LocalPostgres?
    private let log: LogHub
    private let started = ContinuousClock.now
    private let events: AsyncStream<SupervisorMachine.Event>
    private let source: AsyncStream<SupervisorMachine.Event>.Continuation
    private let state: Mutex<State>

    private struct State {
        var machine: SupervisorMachine
        var children: [Member: ChildProcess] = [:]
        var readyAfter: Duration?
        var notices: [String: String] = [:]
    }

    /// Looks after the given members.
    init(members: [Member], environments: ChildEnvironments, cluster: LocalPostgres?, log: LogHub) {
        self.environments = environments
        self.cluster = cluster
        self.log = log
        // Exits and probes are few; a flood can only come of a defect, and then the newest count.
        (events, source) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(4096))
        state = Mutex(State(machine: SupervisorMachine(members)))
    }

    /// Tells the supervisor what happened.
    func post(_ event: SupervisorMachine.Event) {
        source.yield(event)
    }

    /// Something that the operator must see, until it is cleared with nil.
    func notice(_ key: String, _ text: String?) {
        let isNew = state.withLock { state in
            guard state.notices[key] != text else { return false }
            state.notices[key] = text
            return true
        }
        if isNew, let text { log.say(text, level: .warning) }
    }

    /// What is known of all members now.
    var records: [Member: SupervisorMachine.Record] {
        state.withLock { $0.machine.records }
    }

    /// The process ids of running members.
    var processIDs: [Member: Int32] {
        state.withLock { $0.children.mapValues(\.id) }
    }

    /// When all were ready for the first time, counted from the start.
    var readyAfter: Duration? {
        state.withLock { $0.readyAfter }
    }

    /// The notices, in the order of their keys.
    var notices: [String] {
        state.withLock { $0.notices.sorted { $0.key < $1.key }.map(\.value) }
    }

    /// Whether everything is being stopped.
    var isStopping: Bool {
        state.withLock { $0.machine.isStopping }
    }

    /// Time since the start.
    var uptime: Duration {
        started.duration(to: .now)
    }

    /// Takes events until all members have ended after ``SupervisorMachine/Event/stop``.
    func run() async {
        for await event in events {
            let (actions, isFirstReady) = state.withLock { state in
                let before = state.machine.records
                let actions = state.machine.handle(event, at: uptime)
                let isFirstReady = state.readyAfter == nil && state.machine.isReady
                if isFirstReady { state.readyAfter = uptime }
                report(from: before, to: state.machine.records)
                return (actions, isFirstReady)
            }
            if isFirstReady { log.say("all ready after \(StatusScreen.seconds(uptime))", level: .notice) }
            for action in actions {
                if action == .finish { return }
                await perform(action)
            }
        }
    }

    private func perform(_ action: SupervisorMachine.Action) async {
        switch action {
        case .start(let member): await start(member)
        case .terminate(let member): child(member)?.signal(member == .database ? SIGINT : SIGTERM)
        case .kill(let member): child(member)?.signal(SIGKILL)
        case .finish: break
        }
    }

    private func child(_ member: Member) -> ChildProcess? {
        state.withLock { $0.children[member] }
    }

    private func start(_ member: Member) async {
        do {
            let child = try await ChildProcess.start(command(of: member)) { [log] line in
                log.take(line, from: member.description)
            } ended: { [weak self] exit in
                self?.ended(member, exit)
            }
            state.withLock { $0.children[member] = child }
            post(.started(member))
        } catch {
            log.say("cannot start \(member): \(error)", level: .error)
            post(.ended(member, code: nil))
        }
    }

    private func command(of member: Member) throws -> ChildCommand {
        switch member {
        case .database:
            guard let cluster else { throw ConfigurationError.missing("DATABASE_URL") }
            return cluster.childCommand
        case .service(let service):
            guard let plan = ServicePlan.all.first(where: { $0.service == service }) else {
                throw ConfigurationError(key: service.rawValue, expected: "a service of the list", found: "another")
            }
            return ChildCommand(
                executable: "\(environments.installation.programs)/\(service.rawValue)",
                environment: environments.environment(of: plan),
                deathSignal: "TERM"
            )
        }
    }

    private func ended(_ member: Member, _ exit: ChildExit) {
        let wasStopping = state.withLock { state in
            state.children[member] = nil
            return state.machine.isStopping
        }
        if case .code(let code) = exit {
            if !wasStopping { log.say("\(member) ended with exit code \(code)", level: .error) }
            post(.ended(member, code: code))
        } else {
            if !wasStopping { log.say("\(member) ended by \(exit)", level: .error) }
            post(.ended(member, code: nil))
        }
    }

    private func report(
        from before: [Member: SupervisorMachine.Record],
        to after: [Member: SupervisorMachine.Record]
    ) {
        for (member, record) in after where before[member]?.state != record.state {
            switch record.state {
            case .ready: log.say("\(member) is ready")
            case .starting(let detail?):
                guard before[member]?.state == .ready else { continue }
                log.say("\(member) is not ready: \(detail)", level: .warning)
            case .misconfigured:
                let reason = log.lastMessage(of: member.description) ?? "a setting is wrong"
                log.say("\(member) stays stopped until its configuration is repaired: \(reason)", level: .error)
            case .idle, .starting, .waiting, .stopping, .stopped: break
            }
        }
    }
}
