import FoundationEssentials
import Logging
import TestSupport
import Testing

@testable import Postgres

@Suite struct ClientTests {
    private func withClient<Value>(
        maximumConnections: Int = 4,
        _ body: (PostgresClient) async throws -> Value
    ) async throws -> Value {
        try await PostgresCluster.shared.makeDatabase().makeClient(maximumConnections: maximumConnections)
            .closed(after: body)
    }

    @Test func everyTypeReturnsAsItWent() async throws {
        struct Settings: Codable, Equatable {
            var name: String
            var levels: [Int]
        }
        try await withClient { client in
            let settings = Settings(name: "Iris \"quoted\" \u{1F308}", levels: [1, 2])
            let date = Date(timeIntervalSince1970: 1_795_000_000.123456)
            let bytes: [UInt8] = [0, 255, 92, 39]
            let row = try await client.query(
                """
                SELECT \(true) AS bool, \(42 as Int32) AS int4, \(Int.min) AS int8, \(UInt64.max) AS unsigned,
                    \(-1.5) AS double, \("text '\\ 한국어") AS text, \(bytes) AS bytes, \([] as [UInt8]) AS empty,
                    \(date) AS date, \(try .json(settings)) AS json, \([1, -2, 3]) AS ints,
                    \(["a", nil, "c,\"d\""] as [String?]) AS texts, \([bytes, []]) AS blobs, \([] as [Int]) AS none,
                    \([date]) AS dates, \(Duration.milliseconds(1500)) AS interval, \(nil as Int?) AS missing,
                    '3f2504e0-4f89-11d3-9a0c-0305e82c3301'::uuid AS uuid, 1234567.0890::numeric AS exact,
                    -0.00012::numeric AS small, sum(x) AS total, '7'::int2 AS int2, '' AS blank
                FROM generate_series(1, \(100000)) x
                """
            ).only()
            #expect(try row.decode(Bool.self, "bool"))
            #expect(try row.decode(Int32.self, "int4") == 42)
            #expect(try row.decode(Int.self, "int8") == .min)
            #expect(try row.decode(UInt64.self, "unsigned") == .max)
            #expect(try row.decode(Double.self, "double") == -1.5)
            #expect(try row.decode(String.self, "text") == "text '\\ 한국어")
            #expect(try row.decode([UInt8].self, "bytes") == bytes)
            #expect(try row.decode([UInt8].self, "empty") == [])
            #expect(
                abs(try row.decode(Date.self, "date").timeIntervalSince1970 - date.timeIntervalSince1970) < 0.000_001
            )
            #expect(try row.decodeJSON(Settings.self, "json") == settings)
            #expect(try row.decode([Int].self, "ints") == [1, -2, 3])
            #expect(try row.decode([String?].self, "texts") == ["a", nil, "c,\"d\""])
            #expect(try row.decode([[UInt8]].self, "blobs") == [bytes, []])
            #expect(try row.decode([Int].self, "none") == [])
            #expect(try row.decode([Date].self, "dates").count == 1)
            #expect(try row.decode(Duration.self, "interval") == .milliseconds(1500))
            #expect(try row.decode(Int?.self, "missing") == nil)
            #expect(try row.isNull("missing") && !row.isNull("json"))
            #expect(try row.decode(String.self, "uuid") == "3f2504e0-4f89-11d3-9a0c-0305e82c3301")
            #expect(try row.decode(String.self, "exact") == "1234567.0890")
            #expect(try row.decode(String.self, "small") == "-0.00012")
            #expect(try row.decode(Int.self, "total") == 5_000_050_000)
            #expect(try row.decode(Int.self, "int2") == 7)
            #expect(try row.decode(String.self, "blank") == "")
        }
    }

    @Test func wrongTypesAndColumnsAreErrorsNotCrashes() async throws {
        try await withClient { client in
            let row = try await client.query("SELECT 1 AS one, NULL::text AS nothing, 'x' AS text").only()
            #expect(throws: PostgresError.self) { try row.decode(Int.self, "two") }
            #expect(throws: PostgresError.self) { try row.decode(String.self, "nothing") }
            #expect(throws: PostgresError.self) { try row.decode(Int.self, "text") }
            #expect(throws: PostgresError.self) { try row.decode(String.self, "one") }
            #expect(throws: PostgresError.self) { try row.decode([Int].self, "one") }
            #expect(throws: PostgresError.self) { try row.decode(Date.self, "one") }
        }
    }

    @Test func aRefusedStatementTakesNoNeighbourWithIt() async throws {
        try await withClient(maximumConnections: 1) { client in
            try await client.query("CREATE TABLE t (id bigint PRIMARY KEY)")
            try await withThrowingTaskGroup { group in
                for number in 0..<200 {
                    group.addTask {
                        if number % 10 == 3 {
                            await #expect(throws: PostgresError.self) { try await client.query("SELECT nonsense") }
                        } else {
                            try await client.query("INSERT INTO t VALUES (\(number))")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await client.query("SELECT count(*) AS n FROM t").only().decode(Int.self, "n") == 180)
            let error = await #expect(throws: PostgresError.self) {
                try await client.query("INSERT INTO t VALUES (\(1))")
            }
            #expect(error?.isUniqueViolation == true)
            #expect(error?.constraint == "t_pkey")
        }
    }

    @Test func transactionsCommitOrLeaveNothing() async throws {
        struct Stop: Error {}
        try await withClient { client in
            try await client.query("CREATE TABLE t (id bigint)")
            try await client.withTransaction { transaction in
                async let first: [Row] = transaction.query("INSERT INTO t VALUES (1)")
                async let second: [Row] = transaction.query("INSERT INTO t VALUES (2)")
                _ = try await (first, second)
            }
            await #expect(throws: Stop.self) {
                try await client.withTransaction { transaction in
                    try await transaction.query("INSERT INTO t VALUES (3)")
                    throw Stop()
                }
            }
            // A swallowed failure must not look like success.
            let error = await #expect(throws: PostgresError.self) {
                try await client.withTransaction { transaction in
                    try await transaction.query("INSERT INTO t VALUES (4)")
                    _ = try? await transaction.query("SELECT nonsense")
                }
            }
            #expect(error?.code == .transactionEnded)
            try await client.withTransaction { transaction in
                try? await transaction.savepoint { _ = try await $0.query("SELECT nonsense") }
                try await transaction.query("INSERT INTO t VALUES (5)")
            }
            let ids = try await client.query("SELECT id FROM t ORDER BY id").map { try $0.decode(Int.self, "id") }
            #expect(ids == [1, 2, 5])
        }
    }

    @Test func statementsInOneGoRunInOrderAndFailAsOne() async throws {
        try await withClient { client in
            try await client.query("CREATE TABLE t (id bigint)")
            let answers = try await client.withTransaction { transaction in
                try await transaction.queries(
                    ["INSERT INTO t VALUES (1) RETURNING id"]
                        + (2...50).map { "INSERT INTO t SELECT \($0) FROM t LIMIT 1" }
                        + ["SELECT id FROM t ORDER BY id"]
                )
            }
            #expect(try answers[0].only().decode(Int.self, "id") == 1)
            #expect(answers[1].isEmpty)
            #expect(try answers[50].map { try $0.decode(Int.self, "id") } == Array(1...50))

            // The first failure counts, not the server's refusal of what follows it.
            let error = await #expect(throws: PostgresError.self) {
                try await client.withTransaction { transaction in
                    _ = try await transaction.queries(["DELETE FROM t", "SELECT 1 / 0", "DROP TABLE t"])
                }
            }
            #expect(error?.sqlState == "22012")
            #expect(try await client.query("SELECT count(*) AS n FROM t").only().decode(Int.self, "n") == 50)

            let kept = try await client.withTransaction { $0 }
            let late = await #expect(throws: PostgresError.self) { try await kept.queries(["SELECT 1"]) }
            #expect(late?.code == .transactionEnded)
            #expect(try await client.withTransaction { try await $0.queries([]) }.isEmpty)
        }
    }

    @Test func aTransactionCannotBeUsedAfterItsEnd() async throws {
        try await withClient { client in
            let kept = try await client.withTransaction { $0 }
            let error = await #expect(throws: PostgresError.self) { try await kept.query("SELECT 1") }
            #expect(error?.code == .transactionEnded)
        }
    }

    @Test func scriptsRunManyStatementsAndNameTheFault() async throws {
        try await withClient { client in
            try await client.withTransaction { transaction in
                try await transaction.execute(script: "CREATE TABLE a (x int); CREATE TABLE b (x int); SELECT 1;")
                try await transaction.query("INSERT INTO b VALUES (\(1 as Int32))")
            }
            let error = await #expect(throws: PostgresError.self) {
                try await client.withTransaction { try await $0.execute(script: "SELECT 1;\nSELEKT 2;") }
            }
            #expect(error?.position == 11)
            #expect(try await client.query("SELECT count(*) AS n FROM b").only().decode(Int.self, "n") == 1)
        }
    }

    @Test func aSlowStatementIsEndedByTheServer() async throws {
        let database = try await PostgresCluster.shared.makeDatabase()
        let client = try database.makeClient { $0.statementTimeout = .milliseconds(100) }
        let error = await #expect(throws: PostgresError.self) { try await client.query("SELECT pg_sleep(30)") }
        #expect(error?.code == .timeout)
        #expect(try await client.query("SELECT 1 AS one").count == 1)
        await client.close()
    }

    @Test func cancellationReturnsAtOnceAndLeavesTheClientWhole() async throws {
        try await withClient(maximumConnections: 1) { client in
            try await client.query("CREATE TABLE t (id bigint)")
            let inTransaction = Task {
                try await client.withTransaction { transaction in
                    try await transaction.query("INSERT INTO t VALUES (1)")
                    try await transaction.query("SELECT pg_sleep(0.3)")
                }
            }
            // Wait until the transaction owns the only connection, and another request waits behind it.
            while client.status.openConnections == 0 { await Task.yield() }
            let waiting = Task { try await client.query("SELECT 2") }
            while client.status.waitingRequests == 0 { await Task.yield() }
            waiting.cancel()
            await #expect(throws: PostgresError.self) { try await waiting.value }
            inTransaction.cancel()
            let error = await #expect(throws: PostgresError.self) { try await inTransaction.value }
            #expect(error?.code == .cancelled)
            #expect(try await client.query("SELECT count(*) AS n FROM t").only().decode(Int.self, "n") == 0)
            let early = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.query("SELECT 3")
            }
            await #expect(throws: PostgresError.self) { try await early.value }
        }
    }

    @Test func thousandsOfStatementsShareFewConnections() async throws {
        try await withClient(maximumConnections: 2) { client in
            let total = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<5_000 {
                    group.addTask { try await client.query("SELECT \(number) AS n").only().decode(Int.self, "n") }
                }
                return try await group.reduce(0, +)
            }
            #expect(total == 5_000 * 4_999 / 2)
        }
    }

    @Test func arraysInsertManyRowsAtOnce() async throws {
        try await withClient { client in
            try await client.query("CREATE TABLE j (seq bigint PRIMARY KEY, payload bytea)")
            let payload = [UInt8](repeating: 0x7B, count: 800)
            let clock = ContinuousClock()
            let took = try await clock.measure {
                for batch in 0..<10 {
                    let numbers = (0..<1_000).map { Int64(batch * 1_000 + $0) }
                    let payloads = [[UInt8]](repeating: payload, count: 1_000)
                    try await client.query(
                        "INSERT INTO j SELECT * FROM unnest(\(numbers)::bigint[], \(payloads)::bytea[])"
                    )
                }
            }
            #expect(try await client.query("SELECT count(*) AS n FROM j").only().decode(Int.self, "n") == 10_000)
            #expect(took < .seconds(10))
        }
    }

    @Test func statementsOutliveTheCacheAndChangesOfTheirTables() async throws {
        let database = try await PostgresCluster.shared.makeDatabase()
        let client = try database.makeClient(maximumConnections: 1) { $0.statementCacheSize = 2 }
        try await client.query("CREATE TABLE t (a bigint)")
        try await client.query("INSERT INTO t VALUES (1)")
        for _ in 0..<3 {
            #expect(try await client.query("SELECT 1 AS x").count == 1)
            #expect(try await client.query("SELECT 2 AS x").count == 1)
            #expect(try await client.query("SELECT 3 AS x").count == 1)
        }
        #expect(
            try await client.query("SELECT count(*) AS n FROM pg_prepared_statements").only().decode(Int.self, "n") <= 2
        )
        #expect(try await client.query("SELECT * FROM t").count == 1)
        try await client.query("ALTER TABLE t ADD COLUMN b bigint DEFAULT 7")
        _ = try? await client.query("SELECT * FROM t")
        #expect(try await client.query("SELECT * FROM t").only().decode(Int.self, "b") == 7)
        await client.close()
    }

    @Test func notificationsArrive() async throws {
        try await withClient { client in
            try await client.withNotifications(on: ["config_changed", "Odd \"name\""]) { sequence in
                var iterator = sequence.makeAsyncIterator()
                #expect(await iterator.next() == .reconnected)
                try await client.query("SELECT pg_notify('config_changed', 'rules:7')")
                let first = await iterator.next()
                #expect(first == .notification(.init(channel: "config_changed", payload: "rules:7")))
                try await client.query("SELECT pg_notify(\("Odd \"name\""), '')")
                let second = await iterator.next()
                #expect(second == .notification(.init(channel: "Odd \"name\"", payload: "")))
            }
        }
    }

    @Test func aClosedClientRefuses() async throws {
        let client = try await PostgresCluster.shared.makeDatabase().makeClient()
        try await client.query("SELECT 1")
        await client.close()
        let error = await #expect(throws: PostgresError.self) { try await client.query("SELECT 1") }
        #expect(error?.code == .closed)
        await client.close()
    }

    @Test(arguments: ["postgres://[", "host=x nonsense", "port"]) func badConnectionStringsAreNamed(url: String) {
        let error = #expect(throws: PostgresError.self) {
            try PostgresClient(configuration: .init(url: url), logger: .init(label: "test"))
        }
        #expect(error?.code == .configuration)
    }

    @Test func anUnknownHostIsAClearErrorInTime() async throws {
        var configuration = PostgresConfiguration(url: "postgres://nobody@no-such-host.invalid/x")
        configuration.acquireTimeout = .seconds(1)
        let client = try PostgresClient(configuration: configuration, logger: .init(label: "test"))
        let error = await #expect(throws: PostgresError.self) { try await client.query("SELECT 1") }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("no-such-host.invalid") == true)
        await client.close()
    }
}
