import FoundationEssentials
import Glibc
import Postgres
import ServiceKit
import TestSupport
import Testing

@testable import Store

@Suite struct MigratorTests {
    @Test func allFilesApplyOnceAndTheSecondRunDoesNothing() async throws {
        let cluster = try await PostgresCluster.shared
        let database = try await cluster.makeDatabase()
        let files = try MigrationFile.read(folder: PostgresCluster.migrations)
        #expect(try await cluster.migrate(database) == files.map(\.name))
        #expect(try await cluster.migrate(database) == [])
    }

    @Test func twoMigratorsAtOnceShareTheWork() async throws {
        let cluster = try await PostgresCluster.shared
        let database = try await cluster.makeDatabase()
        async let first = cluster.migrate(database)
        async let second = cluster.migrate(database)
        let applied = try await first + second
        #expect(applied.sorted() == (try MigrationFile.read(folder: PostgresCluster.migrations).map(\.name)))
    }

    @Test func aFaultIsNamedByFileAndLineAndLeavesNothing() async throws {
        let cluster = try await PostgresCluster.shared
        let database = try await cluster.makeDatabase()
        let folder = try Folder([
            "0001_good.sql": "CREATE TABLE kept (x int);",
            "0002_bad.sql": "CREATE TABLE undone (x int);\n-- Ensemble \u{1F308}\n\nCREATE TABEL oops ();\n",
        ])
        let error = await #expect(throws: StoreError.self) {
            try await cluster.migrate(database, folder: folder.path, isSingleRole: true)
        }
        #expect(error?.code == .migration)
        #expect(error?.message.hasPrefix("0002_bad.sql:4: ") == true, "\(error?.message ?? "")")
        let client = try database.makeClient()
        let row = try await client.query(
            "SELECT to_regclass('kept') IS NOT NULL AS kept, to_regclass('undone') IS NOT NULL AS undone"
        ).only()
        #expect(try row.decode(Bool.self, "kept"))
        #expect(try !row.decode(Bool.self, "undone"))
        await client.close()
        // Repaired, it goes on where it stopped.
        try folder.write("0002_bad.sql", "CREATE TABLE now_good (x int);")
        #expect(try await cluster.migrate(database, folder: folder.path, isSingleRole: true) == ["0002_bad.sql"])
    }

    @Test func changedAndUnknownFilesAreRefused() async throws {
        let cluster = try await PostgresCluster.shared
        let database = try await cluster.makeDatabase()
        let folder = try Folder(["0001_a.sql": "SELECT 1;", "0002_b.sql": "SELECT 2;"])
        try await cluster.migrate(database, folder: folder.path, isSingleRole: true)
        try folder.write("0001_a.sql", "SELECT 3;")
        let changed = await #expect(throws: StoreError.self) {
            try await cluster.migrate(database, folder: folder.path, isSingleRole: true)
        }
        #expect(changed?.message.contains("0001_a.sql") == true)
        let older = try Folder(["0001_a.sql": "SELECT 1;"])
        let newer = await #expect(throws: StoreError.self) {
            try await cluster.migrate(database, folder: older.path, isSingleRole: true)
        }
        #expect(newer?.message.contains("newer") == true)
    }

    @Test(arguments: [
        ["1_short.sql": ""], ["0001.sql": ""], ["0000_zero.sql": ""], ["0001_a.sql": "", "0001_b.sql": ""], [:],
    ])
    func badFoldersAreRefused(files: [String: String]) throws {
        let folder = try Folder(files)
        #expect(throws: StoreError.self) { try MigrationFile.read(folder: folder.path) }
    }

    @Test func noServiceWritesTheTablesOfAnother() async throws {
        let database = try await PostgresCluster.shared.makeMigratedDatabase()
        let moderation = try database.makeClient(user: "ensemble_moderation")
        for statement: Query in [
            "INSERT INTO bots (bot, token_ref) VALUES ('x', 'y')", "DELETE FROM turns", "SELECT hash FROM api_keys",
            "UPDATE interactions SET state = 'failed'", "CREATE TABLE mine (x int)",
        ] {
            let error = await #expect(throws: PostgresError.self) { try await moderation.query(statement) }
            #expect(
                error?.sqlState == "42501" || error?.sqlState == "42703",
                "\(statement.sql): \(String(describing: error))"
            )
        }
        try await moderation.query("SELECT * FROM bots")
        try await moderation.query("INSERT INTO cases VALUES (1, 1, 'k', 'warn', 2, NULL, 'r')")
        await moderation.close()
        let persona = try database.makeClient(user: "ensemble_persona")
        let error = await #expect(throws: PostgresError.self) { try await persona.query("DELETE FROM cases") }
        #expect(error?.sqlState == "42501")
        await persona.close()
    }

    @Test func everyTableIsSomeonesToWrite() async throws {
        let database = try await PostgresCluster.shared.makeMigratedDatabase()
        let client = try database.makeClient()
        let orphans = try await client.query(
            """
            SELECT c.relname FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
              AND c.relname NOT IN ('schema_migrations', 'role_grants')
              AND NOT EXISTS (SELECT FROM role_grants g WHERE g.object = c.relname AND g.privileges LIKE '%INSERT%')
            """
        ).map { try $0.decode(String.self, "relname") }
        #expect(orphans == [], "these tables need ensemble_grant in their migration")
        let services = Set(ServiceName.allCases.map(\.rawValue))
        let named = try await client.query("SELECT DISTINCT service FROM role_grants").map {
            try $0.decode(String.self, "service")
        }
        #expect(Set(named).subtracting(services).isEmpty)
        await client.close()
    }
}

/// A folder of files that is removed with the value.
private final class Folder {
    let path: String

    init(_ files: [String: String]) throws {
        var template = Array("/tmp/ensemble-migrations-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for (name, text) in files { try write(name, text) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
    }
}
