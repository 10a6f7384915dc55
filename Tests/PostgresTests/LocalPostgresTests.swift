import Glibc
import Logging
import Postgres
import TestSupport
import Testing

@testable import LocalPostgres

/// The server of our own that `up` and the tests run, on a throw-away folder.
@Suite struct LocalPostgresTests {
    private func withServer(
        access: LocalPostgresConfiguration.Access = .anyone,
        _ body: (LocalPostgres, _ folder: String) async throws -> Void
    ) async throws {
        var template = Array("/tmp/ensemble-local-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var configuration = LocalPostgresConfiguration(folder: folder, port: try #require(try FreePorts.take(1).first))
        configuration.access = access
        configuration.isDurable = false
        let server = try LocalPostgres(configuration)
        try server.removeWhenThisProcessEnds()
        do {
            try await body(server, folder)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private func start(_ server: LocalPostgres) async throws {
        try server.start()
        try await eventually("the server lets clients in") { server.isAccepting }
    }

    private func login(_ url: String) async throws -> String? {
        var configuration = PostgresConfiguration(url: url)
        configuration.maximumConnections = 1
        configuration.acquireTimeout = .seconds(5)
        let client = try PostgresClient(
            configuration: configuration,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        return try await client.closed { client in
            try await client.query("SELECT current_user::text AS name").first?.decode(String.self, "name")
        }
    }

    @Test func itAcceptsClientsFromItsStartToItsEnd() async throws {
        try await withServer { server, folder in
            #expect(!server.isAccepting)
            try await server.prepare()
            #expect(!server.isAccepting)
            try await start(server)
            // The server is not root, even if we are.
            var information = stat()
            #expect(stat(folder + "/data", &information) == 0)
            #expect(information.st_uid != 0)
            #expect(try await login(server.url(user: "ensemble", database: "postgres")) == "ensemble")
            await server.kill()
            // The file of a server that was killed still says that it is ready.
            #expect(!server.isAccepting)
        }
    }

    @Test func whatACrashLeftHalfMadeIsMadeAnew() async throws {
        try await withServer { server, folder in
            mkdir(folder + "/data.new", 0o755)
            if let ids = server.account.ids { chown(folder + "/data.new", ids.user, ids.group) }
            let file = open(folder + "/data.new/half", O_CREAT | O_WRONLY | O_CLOEXEC, 0o644)
            close(file)
            try await server.prepare()
            #expect(access(folder + "/data/half", F_OK) != 0)
            #expect(access(folder + "/data.new", F_OK) != 0)
            // Once made it stays.
            try await server.prepare()
            try await start(server)
        }
    }

    @Test func aServerThatWasLeftBehindIsEnded() async throws {
        try await withServer { server, folder in
            try await server.prepare()
            try await start(server)
            let stray = try #require(server.processID)
            await LocalPostgres.endServer(leftIn: folder)
            #expect(!server.isAccepting)
            // As our child it is there until it is waited for.
            try await eventually("the process is gone") { !server.isRunning && kill(stray, 0) != 0 }
            try await start(server)
        }
    }

    @Test func theOwnerLogsInAsOurUserAndOthersByPasswordAlone() async throws {
        try await withServer(access: .accounts) { server, _ in
            try await server.prepare()
            try await start(server)
            #expect(try await login(server.url(user: "ensemble", database: "postgres")) == "ensemble")
            let owner = try PostgresClient(
                configuration: PostgresConfiguration(url: server.url(user: "ensemble", database: "postgres")),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            try await owner.query("CREATE ROLE guest LOGIN PASSWORD 'secret'")
            await owner.close()
            let guest = server.loopbackURL(user: "guest", database: "postgres")
            #expect(try await login(guest + " password=secret") == "guest")
            await #expect(throws: PostgresError.self) { try await login(guest + " password=wrong") }
            // The owner has no password that could be guessed from elsewhere.
            await #expect(throws: PostgresError.self) {
                try await login(server.loopbackURL(user: "ensemble", database: "postgres") + " password=ensemble")
            }
        }
    }

    @Test func anAccountIsChosenThatIsNotRoot() throws {
        let ids = try ServerAccount.choose(forDataIn: "/nonexistent").ids
        #expect((ids == nil) == (geteuid() != 0))
        if let ids { #expect(ids.user != 0) }
        // The data's own user wins; what belongs to nobody we can become is told.
        if geteuid() == 0 {
            #expect(throws: Never.self) { try ServerAccount.choose(forDataIn: "/root") }
        } else {
            #expect(throws: LocalPostgresError.self) { try ServerAccount.choose(forDataIn: "/root") }
        }
        let command = ServerAccount(ids: (1234, 5678)).command(["/bin/true"], deathSignal: "INT")
        #expect(command.contains("--reuid=1234"))
        #expect(command.contains("--pdeathsig=INT"))
        #expect(command.last == "/bin/true")
    }
}
