import BusContract
import Logging
import Postgres
import Store
import Synchronization

/// What services have declared: in the table `command_manifests`, and in memory for the next interaction.
final class ManifestStore: Sendable {
    private let database: PostgresClient
    private let logger: Logger
    private let index = Mutex(ManifestIndex())
    private let (changes, changeSink) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(database: PostgresClient, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    /// One element whenever the union may have changed. It has one consumer.
    var updates: AsyncStream<Void> { changes }

    /// The definitions of all commands, by name.
    var definitions: [String: String] { index.withLock { $0.definitions } }

    func owner(of request: HandleInteraction) -> ManifestIndex.Owner? {
        index.withLock { index in
            switch request.kind {
            case .command, .autocomplete:
                index.owner(ofCommand: request.name.split(separator: " ").first.map(String.init) ?? "")
            default:
                index.owner(ofComponent: request.name)
            }
        }
    }

    /// Takes a service's declaration; it is in force when this returns.
    func declare(_ declaration: DeclareCommands) async throws {
        let isNew = try await CommandManifests(database).store(declaration)
        try await load()
        logger.info(
            "commands declared",
            metadata: [
                "service": "\(declaration.service)", "commands": "\(declaration.commands.count)", "changed": "\(isNew)",
            ]
        )
    }

    /// Reads the table anew.
    func load() async throws {
        let loaded = ManifestIndex(try await CommandManifests(database).all())
        index.withLock { $0 = loaded }
        changeSink.yield()
    }
}
