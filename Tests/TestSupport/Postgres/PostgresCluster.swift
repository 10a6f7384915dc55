import Glibc
package import LocalPostgres
import Logging
package import Postgres
import Synchronization

/// A real PostgreSQL for tests: one a process, shared by all suites; each test makes its own database in it.
///
/// It is gone when the process is, even if the process is killed. Tests that kill the server make a cluster of their
/// own with `PostgresCluster.start()`.
package final class PostgresCluster: Sendable {
    package let server: LocalPostgres
    private let databases = Atomic<Int>(0)
    private let migrated = Mutex<Task<TestDatabase, any Error>?>(nil)

    private init(server: LocalPostgres) {
        self.server = server
    }

    private static let sharedStart = Task { try await start() }

    /// The process's cluster, started by whoever asks first.
    package static var shared: PostgresCluster {
        get async throws { try await sharedStart.value }
    }

    /// Starts another cluster, for tests that stop or kill it.
    package static func start(settings: [String: String] = [:], isDurable: Bool = false) async throws -> PostgresCluster
    {
        var template = Array("/tmp/ensemble-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw LocalPostgresError("mkdtemp failed") }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var configuration = LocalPostgresConfiguration(folder: folder, port: try freePort())
        configuration.isDurable = isDurable
        configuration.settings = [
            "max_connections": "200", "shared_buffers": "64MB", "log_min_messages": "warning",
        ].merging(settings) { $1 }
        let server = try LocalPostgres(configuration)
        try server.removeWhenThisProcessEnds()
        try await server.prepare()
        try server.start()
        let cluster = PostgresCluster(server: server)
        try await cluster.waitUntilReady()
        return cluster
    }

    /// Makes an empty database.
    package func makeDatabase(template: String = "template1") async throws -> TestDatabase {
        let name = "test\(databases.add(1, ordering: .relaxed).newValue)"
        let client = try makeClient(database: "postgres", maximumConnections: 1)
        try await client.query("CREATE DATABASE \(identifier: name) TEMPLATE \(identifier: template)")
        await client.close()
        return TestDatabase(cluster: self, name: name)
    }

    /// The database that others are copied from; made by whoever asks first.
    var template: TestDatabase {
        get async throws {
            let task = migrated.withLock { task in
                if let task { return task }
                let new = Task {
                    let database = try await makeDatabase()
                    try await migrate(database)
                    return database
                }
                task = new
                return new
            }
            return try await task.value
        }
    }

    /// A client as the cluster's owner, or as another role.
    package func makeClient(
        database: String,
        user: String = "ensemble",
        maximumConnections: Int = 4,
        configure: (inout PostgresConfiguration) -> Void = { _ in }
    ) throws -> PostgresClient {
        var configuration = PostgresConfiguration(url: server.url(user: user, database: database))
        configuration.maximumConnections = maximumConnections
        configuration.maximumBackoff = .milliseconds(200)
        configure(&configuration)
        return try PostgresClient(
            configuration: configuration,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Kills the server with all its processes, as the crash of a machine would.
    package func kill() async {
        // One that is in the middle of a statement would otherwise end it, and even commit it, first.
        let processes = server.processID.map(ChildProcesses.descendants) ?? []
        if let main = server.processID { Glibc.kill(main, SIGKILL) }
        for process in processes { Glibc.kill(process.id, SIGKILL) }
        await server.kill()
    }

    /// Stops the server in good order.
    package func stop() async {
        await server.stop()
    }

    /// Starts the server again after `kill` or `stop`, and waits until it answers.
    package func restart() async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        repeat {
            if !server.isRunning { try server.start() }
            // Until the killed server's children are gone, a new one ends at once.
            if await answers() { return }
        } while ContinuousClock.now < deadline
        throw LocalPostgresError("the server did not come back; see \(server.logFile)")
    }

    private func answers() async -> Bool {
        guard
            let client = try? makeClient(
                database: "postgres",
                maximumConnections: 1,
                configure: { $0.acquireTimeout = .milliseconds(300) }
            )
        else { return false }
        let rows = try? await client.query("SELECT 1")
        await client.close()
        return rows != nil
    }

    private func waitUntilReady() async throws {
        let client = try makeClient(database: "postgres", maximumConnections: 1) {
            $0.acquireTimeout = .seconds(20)
            $0.maximumBackoff = .milliseconds(50)
        }
        try await client.query("SELECT 1")
        await client.close()
    }

    /// A port that was free a moment ago.
    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 ? getsockname(descriptor, pointer, &length) : -1
            }
        }
        guard code == 0 else { throw LocalPostgresError("no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}

/// A database of one test.
package struct TestDatabase: Sendable {
    package let cluster: PostgresCluster
    package let name: String

    /// The connection string, for child processes.
    package func url(user: String = "ensemble") -> String {
        cluster.server.url(user: user, database: name)
    }

    /// A client of this database.
    package func makeClient(
        user: String = "ensemble",
        maximumConnections: Int = 4,
        configure: (inout PostgresConfiguration) -> Void = { _ in }
    ) throws -> PostgresClient {
        try cluster.makeClient(
            database: name,
            user: user,
            maximumConnections: maximumConnections,
            configure: configure
        )
    }
}
