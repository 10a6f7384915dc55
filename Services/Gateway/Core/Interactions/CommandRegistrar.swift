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
/// nothing is sent while it is the same.
struct CommandRegistrar: Service {
    /// Services declare one after the other at a start: one registration for all of them.
    private static let settle: Duration = .milliseconds(700)

    let fleet: any FleetPort
    let bus: BusConnection
    let database: PostgresClient
    let manifests: ManifestStore
    let logger: Logger

    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try await bus.serve(DeclareCommands.self) { declaration, _ in
                    do {
                        try await manifests.declare(declaration)
                    } catch let error as PostgresError {
                        throw RequestFailure(code: "unavailable", message: "the database does not answer: \(error)")
                    }
                    return Acknowledgement()
                }
            }
            group.addTask { try? await cancelWhenGracefulShutdown { try await registerForever() } }
        }
    }

    private func registerForever() async throws {
        await loadFirst()
        for await _ in manifests.updates {
            try await Task.sleep(for: Self.settle)
            var backoff = Backoff(base: .milliseconds(500), cap: .seconds(60))
            while true {
                do {
                    if try await register() { break }
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

    private func loadFirst() async {
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
    private func register() async throws -> Bool {
        guard let bot = fleet.primaryBot, fleet.isOnline(bot), let application = fleet.applicationID(of: bot) else {
            return false
        }
        let wanted = manifests.definitions.sorted { $0.key < $1.key }
        guard !wanted.isEmpty else { return true }
        let digests = Dictionary(
            uniqueKeysWithValues: wanted.map { ($0.key, Array(SHA256.hash(data: Data($0.value.utf8)))) }
        )
        let known = try await RegisteredCommands(database).all(of: application)
        let have = Dictionary(known.map { ($0.name, $0.digest) }, uniquingKeysWith: { first, _ in first })
        guard have != digests else { return true }
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
        try await RegisteredCommands(database).replace(
            wanted.map { RegisteredCommand(name: $0.key, digest: digests[$0.key] ?? [], command: ids[$0.key]) },
            of: application
        )
        logger.notice("slash commands registered", metadata: ["count": "\(wanted.count)", "bot": "\(bot)"])
        return true
    }

    private struct Registered: Decodable {
        let id: CommandID
        let name: String
    }
}
