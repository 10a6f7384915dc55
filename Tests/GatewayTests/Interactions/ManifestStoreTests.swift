import BusContract
import Logging
import Postgres
import Testing

@testable import GatewayCore

@Suite("Declared commands")
struct ManifestStoreTests {
    @Test("What is declared while the table is being read is in force afterwards")
    func overlapping() async throws {
        let manifests = ManifestStore(database: NoDatabase(), logger: Logger(label: "test"))
        let ping = DeclaredCommand(name: "ping", deferral: .visible, definition: #"{"name":"ping"}"#)
        let declaration = DeclareCommands(service: "moderation", version: 1, commands: [ping], components: [])
        try await manifests.load {
            try await manifests.load { [declaration] }
            return []
        }
        #expect(manifests.definitions == ["ping": ping.definition])
        try await manifests.load { [] }
        #expect(manifests.definitions.isEmpty)
    }

    private struct NoDatabase: QueryExecutor {
        func query(_ query: Query) async throws(PostgresError) -> [Row] { [] }
    }
}
