import AsyncHTTPClient
import BusContract
import DiscordModel
import FoundationEssentials
import LocalPostgres
import Logging
import MessageBus
import NIOCore
import ServiceKit
import ServiceLifecycle
import Store
import UnixSignals

#if canImport(Glibc)
import Glibc
#endif

/// `ensemble up`: the whole stack on this machine, in the foreground, until Ctrl-C or SIGTERM.
struct Up: Sendable {
    private let installation: Installation
    private let fleet: FleetVariables
    private let ports: PortPlan
    private let usesPlayground: Bool
    private let cluster: LocalPostgres?
    private let busAddress: String
    private let busEndpoints: BusEndpoints
    private let busAccess: BusAccess
    private let isTerminal: Bool
    private let log: LogHub
    private let logger: Logger

    /// Reads the configuration and chooses ports; starts nothing.
    init(installation: Installation) throws {
        self.installation = installation
        let settings = installation.settings
        let fleetFile = try ConfigFile.load("\(installation.config)/fleet.yaml", settings: settings)
        fleet = FleetVariables(fleetFile.root)
        let environment = installation.environment
        usesPlayground = !fleet.tokens.contains { environment[$0]?.isEmpty == false }
        ports = try PortPlan(settings: settings)
        cluster =
            settings.has("DATABASE_URL") ? nil : try LocalPostgres(installation: installation, port: ports.database)
        busAddress = settings.optional("ENSEMBLE_BUS") ?? "ipc://\(installation.busFolder)"
        busEndpoints = try BusEndpoints(settings: Settings(environment: ["ENSEMBLE_BUS": busAddress]))
        busAccess = try BusAccess(
            endpoints: busEndpoints,
            services: ServicePlan.all.map(\.service) + [.ensemble],
            folder: installation.keyFolder
        )
        for folder in [installation.state, "\(installation.state)/run", "\(installation.state)/logs"] {
            try Folder.make(folder)
        }
        try Folder.make(installation.busFolder, mode: 0o700)
        // Root may follow another user; the bus takes a folder of its own user alone.
        guard chown(installation.busFolder, geteuid(), getegid()) == 0 else {
            throw Folder.Failure(path: installation.busFolder, code: errno)
        }
        isTerminal = Terminal.isPresent && !settings.has("NO_SCREEN")
        let level = Logger.Level(rawValue: settings.string("LOG_LEVEL", default: "info").lowercased()) ?? .info
        let log = LogHub(file: installation.logFile, echo: !isTerminal, level: level)
        self.log = log
        logger = Logger(label: "ensemble") { _ in HubLogHandler(hub: log) }
    }

    /// Runs the stack to its end.
    func run() async throws {
        let databases = try databaseURLs()
        let environments = ChildEnvironments(
            installation: installation,
            fleet: fleet,
            ports: ports.services,
            busAddress: busAddress,
            busAccess: busAccess,
            databases: databases.services,
            playground: playground
        )
        let members =
            (cluster == nil ? [] : [Member.database])
            + ServicePlan.all.filter { $0.service != .playground || usesPlayground }.map { Member.service($0.service) }
        let supervisor = Supervisor(members: members, environments: environments, cluster: cluster, log: log)
        for remark in ports.remarks { log.say(remark, level: .notice) }
        let login = busAccess.login(of: .ensemble) ?? .password(nil)
        if case .password(let secret?) = login {
            try Folder.writePrivate(secret.reveal(), to: installation.busSecretFile)
        }

        let bus = try BusConnection(
            configuration: BusConfiguration(endpoints: busEndpoints, role: .ensemble, login: login),
            instance: ServiceInstance(service: .ensemble),
            logger: logger,
            metrics: MetricsRegistry(instance: ServiceInstance(service: .ensemble))
        )
        let http = HTTPClient(eventLoopGroupProvider: .singleton)
        let prober = ReadinessProber(supervisor: supervisor, ports: ports.services, cluster: cluster, client: http)
        let bots = BotWatch(bus: bus, supervisor: supervisor)
        let startup = Startup(
            supervisor: supervisor,
            installation: installation,
            cluster: cluster,
            owner: databases.owner,
            passwords: databases.passwords,
            usesPlayground: usesPlayground,
            logger: logger
        )
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)

        await withTaskGroup(of: Void.self) { group in
            group.addTask { await Self.watch(signals, supervisor) }
            group.addTask {
                while !Task.isCancelled {
                    supervisor.post(.tick)
                    try? await Task.sleep(for: .milliseconds(100))
                }
            }
            group.addTask { await prober.run() }
            group.addTask { try? await bus.run() }
            group.addTask { await bots.run() }
            group.addTask { await startup.run() }
            group.addTask { await settle(supervisor) }
            group.addTask { await show(supervisor, bots) }
            await supervisor.run()
            group.cancelAll()
        }
        try await http.shutdown()
        unlink(installation.busSecretFile)
        unlink(installation.databaseDoor)
    }

    // MARK: Parts

    private var playground: PlaygroundAddresses? {
        guard usesPlayground, let port = ports.services[.playground] else { return nil }
        return PlaygroundAddresses(port: port, lavalinkPort: ports.lavalink)
    }

    private struct Databases {
        let owner: Secret
        let services: [ServiceName: Secret]
        let passwords: [ServiceName: Secret]
    }

    /// Each service's role on the local cluster or on the given database; one role for all if the operator wants it.
    private func databaseURLs() throws -> Databases {
        let users = ServicePlan.all.filter(\.usesDatabase).map(\.service)
        let single = try installation.settings.bool("DATABASE_SINGLE_ROLE", default: false)
        let given = installation.settings.optionalSecret("DATABASE_URL")
        if single, let given {
            return Databases(
                owner: given,
                services: Dictionary(uniqueKeysWithValues: users.map { ($0, given) }),
                passwords: [:]
            )
        }
        let passwords = Dictionary(uniqueKeysWithValues: users.map { ($0, RandomSecret.make()) })
        var services: [ServiceName: Secret] = [:]
        for (service, password) in passwords {
            let role = DatabaseSetup.role(of: service)
            if let given {
                services[service] = try DatabaseAddress.replacingLogin(of: given, user: role, password: password)
            } else {
                services[service] = cluster?.url(user: role, password: password, through: installation.databaseDoor)
            }
        }
        guard let owner = given ?? cluster?.ownerURL() else { throw ConfigurationError.missing("DATABASE_URL") }
        return Databases(owner: owner, services: services, passwords: passwords)
    }

    /// As every service does once it has started.
    private func settle(_ supervisor: Supervisor) async {
        while supervisor.readyAfter == nil {
            guard (try? await Task.sleep(for: .seconds(1))) != nil else { return }
        }
        guard (try? await Task.sleep(for: StartupMemory.delay)) != nil else { return }
        StartupMemory.release()
    }

    private static func watch(_ signals: UnixSignalsSequence, _ supervisor: Supervisor) async {
        var isFirst = true
        for await _ in signals {
            supervisor.post(isFirst ? .stop : .kill)
            isFirst = false
        }
    }

    // MARK: What the operator sees

    private func show(_ supervisor: Supervisor, _ bots: BotWatch) async {
        guard isTerminal else {
            for address in addresses { log.say("\(address.name): \(address.address)") }
            return
        }
        Terminal.enterScreen()
        defer { Terminal.leaveScreen() }
        while !Task.isCancelled {
            let size = Terminal.size
            Terminal.write(
                StatusScreen(width: size.width, height: size.height).frame(snapshot(supervisor, bots))
            )
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    private func snapshot(_ supervisor: Supervisor, _ bots: BotWatch) -> StatusSnapshot {
        var snapshot = StatusSnapshot()
        snapshot.uptime = supervisor.uptime
        snapshot.readyAfter = supervisor.readyAfter
        snapshot.isStopping = supervisor.isStopping
        snapshot.notices = supervisor.notices
        snapshot.warnings = log.warnings
        snapshot.addresses = addresses
        let records = supervisor.records
        let processes = supervisor.processIDs
        let order = [Member.database] + ServicePlan.all.map { Member.service($0.service) }
        for member in order {
            guard let record = records[member] else { continue }
            var detail: String?
            switch record.state {
            case .starting(let text): detail = text
            case .misconfigured, .waiting: detail = log.lastMessage(of: member.description)
            default: break
            }
            let port: Int? =
                switch member {
                case .database: ports.database
                case .service(let service): ports.services[service]
                }
            snapshot.processes.append(
                .init(
                    name: member.description,
                    state: record.state,
                    detail: detail,
                    port: port,
                    memory: processes[member].flatMap(ProcessMemory.resident),
                    restarts: record.restarts
                )
            )
        }
        snapshot.bots = bots.current.map { bot in
            .init(
                name: bot.bot.rawValue,
                state: bot.state.rawValue,
                reason: bot.reason,
                guilds: bot.guilds,
                latencyMilliseconds: bot.latencyMilliseconds
            )
        }
        return snapshot
    }

    private var addresses: [(name: String, address: String)] {
        var addresses: [(name: String, address: String)] = []
        if let playground { addresses.append(("Playground", "http://127.0.0.1:\(playground.port)")) }
        if let port = ports.services[.adminAPI] { addresses.append(("Admin", "http://127.0.0.1:\(port)")) }
        addresses.append(("Admin key", installation.adminKeyFile))
        addresses.append(("Log", installation.logFile))
        return addresses
    }
}
