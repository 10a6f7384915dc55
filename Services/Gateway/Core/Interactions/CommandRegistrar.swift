import BusContract
import Crypto
import DiscordModel
import DiscordREST
import FoundationEssentials
import Logging
import MessageBus
import Postgres
import ServiceKit
import ServiceLifecycle
import Store

/// Registers the union of all declared commands with Discord, for the primary bot's application, when it has changed.
///
/// Discord allows 200 creations a day and takes a bulk overwrite as a whole: what it has is remembered by digest, and
/// nothing is sent while it is the same. Once a process the memory itself is checked: Discord is asked what it has, for
/// the database may belong to another Discord (a playground made anew), and commands can be removed by other hands.
struct CommandRegistrar: Service {
    /// Services declare one after the other at a start: one registration for all of them.
    private static let settle: Duration = .milliseconds(700)

    let fleet: any FleetPort
    let sharding: Sharding
    let database: PostgresClient
    let manifests: ManifestStore
    let logger: Logger

    /// Declarations, of which every gateway has to know.
    var requests: [ShardedRequest] {
        [
            ShardedRequest(all: DeclareCommands.self) { declaration, _ in
                do {
                    try await manifests.declare(declaration)
                } catch let error as PostgresError {
                    throw RequestFailure(code: "unavailable", message: "the database does not answer: \(error)")
                }
                return Acknowledgement()
            } merge: { _, _ in
                // A gateway that is silent reads the table when it takes its shards.
                Acknowledgement()
            }
        ]
    }

    func run() async throws {
        try? await cancelWhenGracefulShutdown { try await registerForever() }
    }

    private func registerForever() async throws {
        await load()
        /// The applications whose commands were read from Discord by this process.
        var checked: Set<ApplicationID> = []
        for await _ in manifests.updates {
            try await Task.sleep(for: Self.settle)
            var backoff = Backoff(base: .milliseconds(500), cap: .seconds(60))
            while true {
                do {
                    if try await register(&checked) { break }
                    // The primary bot is not there yet, which is no failure and costs Discord nothing to look at.
                    try await Task.sleep(for: Self.settle)
                    continue
                } catch let error as DiscordRESTError where error.code == .refused {
                    // The same again would be refused again: wait for another declaration.
                    logger.error("Discord refuses the commands", metadata: ["error": "\(error)"])
                    break
                } catch {
                    logger.warning("commands not registered yet", metadata: ["error": "\(error)"])
                }
                try await Task.sleep(for: backoff.next())
            }
        }
    }

    /// Reads what has been declared, for as long as it takes.
    func load() async {
        var backoff = Backoff(base: .milliseconds(200), cap: .seconds(5))
        while !Task.isCancelled {
            do {
                return try await manifests.load()
            } catch {
                logger.debug("manifests not read yet", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    /// Registers what differs; false when the primary bot cannot be asked yet.
    private func register(_ checked: inout Set<ApplicationID>) async throws -> Bool {
        // One of the gateways does it; another may come to be the one at any time.
        guard sharding.holds(RESTDesk.shard), let bot = fleet.primaryBot, fleet.isOnline(bot),
            let application = fleet.applicationID(of: bot)
        else {
            return false
        }
        let wanted = manifests.definitions.sorted { $0.key < $1.key }
        guard !wanted.isEmpty else { return true }
        let digests = Dictionary(
            uniqueKeysWithValues: wanted.map { ($0.key, Array(SHA256.hash(data: Data($0.value.utf8)))) }
        )
        if checked.contains(application) {
            let known = try await RegisteredCommands(database).all(of: application)
            let have = Dictionary(known.map { ($0.name, $0.digest) }, uniquingKeysWith: { first, _ in first })
            guard have != digests else { return true }
        } else if let ids = try await idsIfSame(wanted.map(\.value), of: application, as: bot) {
            try await remember(wanted.map(\.key), digests, ids, of: application)
            checked.insert(application)
            logger.info("Discord has all slash commands", metadata: ["count": "\(wanted.count)", "bot": "\(bot)"])
            return true
        }
        let response = try await fleet.execute(
            DiscordRequest(
                .put,
                "/applications/\(application)/commands",
                body: .json(Array("[\(wanted.map(\.value).joined(separator: ","))]".utf8)),
                lane: .message,
                safety: .idempotent
            ),
            as: bot
        )
        let registered = try JSONDecoder().decode([Registered].self, from: Data(response.body))
        let ids = Dictionary(registered.map { ($0.name, $0.id) }, uniquingKeysWith: { first, _ in first })
        try await remember(wanted.map(\.key), digests, ids, of: application)
        checked.insert(application)
        logger.notice("slash commands registered", metadata: ["count": "\(wanted.count)", "bot": "\(bot)"])
        return true
    }

    /// Asks Discord whether it has exactly these commands.
    ///
    /// - Returns: their ids by name; nil when something differs.
    private func idsIfSame(
        _ definitions: [String],
        of application: ApplicationID,
        as bot: BotID
    ) async throws -> [String: CommandID]? {
        let response = try await fleet.execute(
            DiscordRequest(
                .get,
                "/applications/\(application)/commands",
                // Without it Discord leaves the other languages out.
                query: [("with_localizations", "true")],
                lane: .message
            ),
            as: bot
        )
        let body = Data(response.body)
        let given = try JSONDecoder().decode([CommandShape].self, from: body)
        let wanted = try definitions.map { try JSONDecoder().decode(CommandShape.self, from: Data($0.utf8)) }
        guard Self.isSame(wanted, as: given) else { return nil }
        let ids = try JSONDecoder().decode([Registered].self, from: body)
        return Dictionary(ids.map { ($0.name, $0.id) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether Discord's commands are the wanted ones, in any order.
    static func isSame(_ wanted: [CommandShape], as given: [CommandShape]) -> Bool {
        guard wanted.count == given.count else { return false }
        let byIdentity = Dictionary(given.map { ($0.identity, $0) }, uniquingKeysWith: { first, _ in first })
        return wanted.allSatisfy { command in
            command.identity.flatMap { byIdentity[$0] }.map { command.isSame(as: $0) } ?? false
        }
    }

    private func remember(
        _ names: [String],
        _ digests: [String: [UInt8]],
        _ ids: [String: CommandID],
        of application: ApplicationID
    ) async throws {
        try await RegisteredCommands(database).replace(
            names.map { RegisteredCommand(name: $0, digest: digests[$0] ?? [], command: ids[$0]) },
            of: application
        )
    }

    private struct Registered: Decodable {
        let id: CommandID
        let name: String
    }
}
