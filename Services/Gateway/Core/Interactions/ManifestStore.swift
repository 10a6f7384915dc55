import BusContract
import Logging
import Postgres
import Store
import Synchronization

/// What services have declared: in the table `command_manifests`, and in memory for the next interaction.
final class ManifestStore: Sendable {
    private struct State {
        var index = ManifestIndex()
        /// Readings of the table that were begun, and which of them is in force.
        var begun = 0
        var current = 0
    }

    private let database: any QueryExecutor
    private let logger: Logger
    private let state = Mutex(State())
    private let (changes, changeSink) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(database: any QueryExecutor, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    /// One element whenever the union may have changed. It has one consumer.
    var updates: AsyncStream<Void> { changes }

    /// The definitions of all commands, by name.
    var definitions: [String: String] { state.withLock { $0.index.definitions } }

    func owner(of request: HandleInteraction) -> ManifestIndex.Owner? {
        state.withLock { state in
            switch request.kind {
            case .command, .autocomplete:
                state.index.owner(ofCommand: request.name.split(separator: " ").first.map(String.init) ?? "")
            default:
                state.index.owner(ofComponent: request.name)
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
        try await load { try await CommandManifests(database).all() }
    }

    /// Of readings that overlap the one that was begun last is in force: an earlier one may have come too soon for what has
    /// just been declared.
    func load(_ read: () async throws -> [DeclareCommands]) async throws {
        let turn = state.withLock { state in
            state.begun += 1
            return state.begun
        }
        let loaded = ManifestIndex(try await read())
        state.withLock { state in
            guard turn > state.current else { return }
            state.index = loaded
            state.current = turn
        }
        changeSink.yield()
    }
}
