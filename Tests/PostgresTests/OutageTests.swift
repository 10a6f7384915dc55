import TestSupport
import Testing

@testable import Postgres

/// Each test kills a server of its own.
@Suite(.serialized) struct OutageTests {
    @Test func aServerThatIsDownAtStartIsWaitedFor() async throws {
        let cluster = try await PostgresCluster.start()
        await cluster.stop()
        let client = try cluster.makeClient(database: "postgres") { $0.acquireTimeout = .milliseconds(300) }
        let error = await #expect(throws: PostgresError.self) { try await client.query("SELECT 1") }
        #expect(error?.code == .unavailable)
        #expect(error?.isRetriable == true)
        #expect(!client.status.isReachable && client.status.unreachableSince != nil)
        try await cluster.restart()
        try await waitUntilReachable(client)
        #expect(try await client.query("SELECT 1 AS one").count == 1)
        await client.close()
        await cluster.stop()
    }

    @Test func workUnderWayAtACrashIsToldApart() async throws {
        let cluster = try await PostgresCluster.start()
        let client = try cluster.makeClient(database: "postgres") {
            $0.acquireTimeout = .seconds(10)
            // A connection for each: statements that share one would queue behind the sleeper.
            $0.minimumConnections = 3
        }
        try await client.query("CREATE TABLE t (id bigint)")
        while client.status.openConnections < 3 { await Task.yield() }
        let reading = Task { try await client.query("SELECT pg_sleep(20)") }
        let writing = Task { try await client.query("INSERT INTO t SELECT 1 FROM pg_sleep(20)") }
        let inTransaction = Task {
            try await client.withTransaction { transaction in
                try await transaction.query("INSERT INTO t VALUES (2)")
                try await transaction.query("SELECT pg_sleep(20)")
            }
        }
        let watcher = try cluster.makeClient(database: "postgres", maximumConnections: 1)
        let sleeping: Query = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        while try await watcher.query(sleeping).only().decode(Int.self, "n") < 3 { await Task.yield() }
        let restart = Task {
            // Busy backends of a killed server end only with their statements, so they are ended too.
            try await watcher.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            )
            await cluster.kill()
            try await cluster.restart()
        }
        #expect(await #expect(throws: PostgresError.self) { try await writing.value }?.code == .outcomeUnknown)
        #expect(await #expect(throws: PostgresError.self) { try await reading.value }?.isRetriable == true)
        #expect(await #expect(throws: PostgresError.self) { try await inTransaction.value }?.isRetriable == true)
        try await restart.value
        #expect(try await client.query("SELECT count(*) AS n FROM t").only().decode(Int.self, "n") == 0)
        await client.close()
        await watcher.close()
        await cluster.stop()
    }

    @Test func aCommitCutShortHasAnUnknownOutcome() async throws {
        let cluster = try await PostgresCluster.start()
        let client = try cluster.makeClient(database: "postgres", maximumConnections: 1)
        let watcher = try cluster.makeClient(database: "postgres", maximumConnections: 1)
        // A deferred trigger makes COMMIT take its time.
        try await client.withTransaction {
            try await $0.execute(
                script: """
                    CREATE TABLE t (id bigint);
                    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
                        $$ BEGIN PERFORM pg_sleep(20); RETURN NULL; END $$;
                    CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION dawdle();
                    """
            )
        }
        let committing = Task {
            try await client.withTransaction { _ = try await $0.query("INSERT INTO t VALUES (1)") }
        }
        let sleeping: Query = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        while try await watcher.query(sleeping).isEmpty { await Task.yield() }
        try await watcher.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        let error = await #expect(throws: PostgresError.self) { try await committing.value }
        #expect(error?.code == .outcomeUnknown)
        #expect(error?.isRetriable == false)
        await client.close()
        await watcher.close()
        await cluster.stop()
    }

    @Test func aCommitThatTheServerRefusesIsCertain() async throws {
        let client = try await PostgresCluster.shared.makeDatabase().makeClient()
        try await client.query("CREATE TABLE t (id bigint, UNIQUE (id) DEFERRABLE INITIALLY DEFERRED)")
        let error = await #expect(throws: PostgresError.self) {
            try await client.withTransaction { transaction in
                try await transaction.query("INSERT INTO t VALUES (1), (1)")
            }
        }
        #expect(error?.isUniqueViolation == true)
        await client.close()
    }

    @Test func listenersAreToldToReadAgainAfterACrash() async throws {
        let cluster = try await PostgresCluster.start()
        let client = try cluster.makeClient(database: "postgres") { $0.acquireTimeout = .seconds(10) }
        try await client.withNotifications(on: ["changes"]) { sequence in
            var iterator = sequence.makeAsyncIterator()
            #expect(await iterator.next() == .reconnected)
            await cluster.kill()
            try await cluster.restart()
            #expect(await iterator.next() == .reconnected)
            try await client.query("NOTIFY changes, 'x'")
            #expect(await iterator.next() == .notification(.init(channel: "changes", payload: "x")))
        }
        await client.close()
        await cluster.stop()
    }

    @Test func queriesAcrossManyCrashesAllEnd() async throws {
        let cluster = try await PostgresCluster.start()
        let client = try cluster.makeClient(database: "postgres", maximumConnections: 3) {
            $0.acquireTimeout = .seconds(20)
        }
        try await client.query("CREATE TABLE t (id bigint PRIMARY KEY)")
        let known = try await withThrowingTaskGroup(of: [Int].self) { group in
            for worker in 0..<8 {
                group.addTask {
                    var committed: [Int] = []
                    for number in 0..<150 {
                        let id = worker * 1_000 + number
                        do {
                            try await client.withTransaction {
                                _ = try await $0.query("INSERT INTO t VALUES (\(id))")
                            }
                            committed.append(id)
                        } catch let error as PostgresError {
                            #expect(error.isUnreachable || error.code == .outcomeUnknown, "\(error)")
                        }
                    }
                    return committed
                }
            }
            group.addTask {
                for _ in 0..<3 {
                    await cluster.kill()
                    try await cluster.restart()
                }
                return []
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        // Full page writes and fsync are off, but a killed process loses nothing that the kernel has.
        let stored = Set(try await client.query("SELECT id FROM t").map { try $0.decode(Int.self, "id") })
        #expect(Set(known).isSubset(of: stored))
        await client.close()
        await cluster.stop()
    }

    private func waitUntilReachable(_ client: PostgresClient) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while !client.status.isReachable {
            try #require(ContinuousClock.now < deadline)
            await Task.yield()
        }
    }
}
