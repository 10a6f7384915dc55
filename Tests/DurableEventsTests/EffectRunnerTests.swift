import BusContract
import DiscordModel
import Logging
import MessageBus
import Postgres
import ServiceKit
import Synchronization
import TestSupport
import Testing

@testable import DurableEvents

/// Effects and events that a real database holds, carried out over a real switchboard.
@Suite("effects and outbox", .timeLimit(.minutes(2)))
struct EffectRunnerTests {
    @Test("an effect happens once by its key, however often it is added")
    func once() async throws {
        try await withStack { stack in
            for _ in 0..<3 { try await stack.spine.transaction { $0.add(try delete(1)) } }
            try await stack.expect(key: "delete:1", state: "done")
            try await stack.spine.transaction { $0.add(try delete(1)) }
            #expect(stack.gateway.calls(of: "/channels/5/messages/1") == 1)
        }
    }

    @Test("nothing of a transaction that rolls back is sent or published")
    func rollback() async throws {
        struct Stop: Error {}
        try await withStack { stack in
            await #expect(throws: Stop.self) {
                try await stack.spine.transaction { transaction in
                    transaction.add(try delete(1))
                    try transaction.publish(caseOpened(1))
                    throw Stop()
                }
            }
            try await stack.spine.transaction { $0.add(try delete(2)) }
            try await stack.expect(key: "delete:2", state: "done")
            #expect(stack.gateway.calls(of: "/channels/5/messages/1") == 0)
            #expect(try await stack.owner.query("SELECT 1 AS one FROM outbox").isEmpty)
        }
    }

    @Test("what is put off to the end runs with the rest, and undoes it when its answer is wrong")
    func end() async throws {
        struct Stop: Error {}
        try await withStack { stack in
            await #expect(throws: Stop.self) {
                try await stack.spine.transaction { transaction in
                    transaction.add(try delete(1))
                    try transaction.publish(caseOpened(1))
                    transaction.atEnd("SELECT 1 AS one WHERE false") { rows in if rows.isEmpty { throw Stop() } }
                }
            }
            try await stack.spine.transaction { transaction in
                transaction.add(try delete(2))
                transaction.atEnd("SELECT 1 AS one") { rows in if rows.isEmpty { throw Stop() } }
            }
            try await stack.expect(key: "delete:2", state: "done")
            #expect(stack.gateway.calls(of: "/channels/5/messages/1") == 0)
            #expect(try await stack.owner.query("SELECT key FROM effects").count == 1)
            #expect(try await stack.owner.query("SELECT 1 AS one FROM outbox").isEmpty)
        }
    }

    @Test("an idempotent effect may leave before its commit, and does not leave twice")
    func early() async throws {
        try await withStack { stack in
            let effect = try delete(7)
            await stack.spine.sendEarly(effect)
            try await eventually("it is sent") { stack.gateway.calls(of: effect.path) == 1 }
            try await stack.spine.transaction { $0.add(effect) }
            try await stack.expect(key: effect.key, state: "done")
            #expect(stack.gateway.calls(of: effect.path) == 1)
        }
    }

    @Test("what fails for a time is tried again, what Discord refuses is not")
    func retries() async throws {
        try await withStack { stack in
            stack.gateway.script("/channels/5/messages/1") { attempt in
                attempt < 3
                    ? RESTOutcome(status: 0, failure: RESTFailure(kind: .unreachable, message: "down"))
                    : RESTOutcome(status: 204)
            }
            stack.gateway.script("/channels/5/messages/2") { _ in
                RESTOutcome(status: 403, failure: RESTFailure(kind: .refused, code: 50013, message: "no permission"))
            }
            stack.gateway.script("/channels/5/messages/3") { _ in
                RESTOutcome(status: 404, failure: RESTFailure(kind: .refused, code: 10008, message: "unknown message"))
            }
            try await stack.spine.transaction { transaction in
                for message in 1...3 { transaction.add(try delete(UInt64(message))) }
            }
            try await stack.expect(key: "delete:2", state: "refused")
            // What is to be deleted is gone already.
            try await stack.expect(key: "delete:3", state: "done")
            try await stack.expect(key: "delete:1", state: "done")
            #expect(stack.gateway.calls(of: "/channels/5/messages/1") == 3)
            #expect(stack.gateway.calls(of: "/channels/5/messages/2") == 1)
        }
    }

    @Test("an effect of unknown outcome that must not be repeated is left to an operator")
    func unknown() async throws {
        try await withStack { stack in
            var effect = try delete(1)
            effect.method = "POST"
            effect.safety = .neverRetry
            stack.gateway.script(effect.path) { _ in
                RESTOutcome(status: 0, failure: RESTFailure(kind: .outcomeUnknown, message: "connection lost"))
            }
            try await stack.spine.transaction { $0.add(effect) }
            try await stack.expect(key: effect.key, state: "unknown")
            #expect(stack.gateway.calls(of: effect.path) == 1)
        }
    }

    @Test("what a killed process left is carried out by the next")
    func leftBehind() async throws {
        try await withStack(runsAtOnce: false) { stack in
            // Committed, and the process died before it sent anything.
            let effects = try (1...30).map { try delete(UInt64($0)) }
            try await stack.client.withTransaction { transaction in
                _ = try await transaction.query(EffectTable.inserting(effects, of: .moderation))
            }
            try await stack.owner.query("UPDATE effects SET next_attempt_at = now()")
            try await withBackground {
                try await stack.spine.run()
            } body: {
                for effect in effects { try await stack.expect(key: effect.key, state: "done") }
            }
            for effect in effects { #expect(stack.gateway.calls(of: effect.path) == 1) }
        }
    }

    @Test(
        "a message whose nonce is too old to be trusted is looked for, and sent if it is not there",
        arguments: [true, false]
    )
    func oldNonce(isThere: Bool) async throws {
        try await withStack(runsAtOnce: false) { stack in
            let effect = try Effect.sendMessage(
                OutgoingMessage(content: "case #7"),
                to: ChannelID(5),
                by: try #require(BotID("iris")),
                key: "notice:7"
            )
            try await stack.client.withTransaction { transaction in
                _ = try await transaction.query(EffectTable.inserting([effect], of: .moderation))
            }
            try await stack.owner.query(
                "UPDATE effects SET next_attempt_at = now(), first_sent_at = now() - interval '5 minutes', attempts = 3"
            )
            stack.gateway.script(effect.path) { call in
                guard call == 1 else { return RESTOutcome(status: 200) }
                let found = #"[{"id":"9","content":"case #7","author":{"bot":true}}]"#
                return RESTOutcome(status: 200, body: isThere ? found : "[]")
            }
            try await withBackground {
                try await stack.spine.run()
            } body: {
                try await stack.expect(key: effect.key, state: "done")
            }
            #expect(stack.gateway.methods(of: effect.path) == (isThere ? ["GET"] : ["GET", "POST"]))
        }
    }

    @Test("a busy channel is read on until the message is found")
    func oldNonceInABusyChannel() async throws {
        try await withStack(runsAtOnce: false) { stack in
            let effect = try Effect.sendMessage(
                OutgoingMessage(content: "case #7"),
                to: ChannelID(5),
                by: try #require(BotID("iris")),
                key: "notice:7"
            )
            try await stack.client.withTransaction { transaction in
                _ = try await transaction.query(EffectTable.inserting([effect], of: .moderation))
            }
            try await stack.owner.query(
                "UPDATE effects SET next_attempt_at = now(), first_sent_at = now() - interval '5 minutes', attempts = 3"
            )
            stack.gateway.script(effect.path) { call in
                // The same words by a member, and by the bot only behind a hundred others.
                let page = (1...100).map { #"{"id":"\#($0)","content":"case #7","author":{}}"# }
                let last = #"{"id":"101","content":"case #7","author":{"bot":true}}"#
                return RESTOutcome(status: 200, body: call == 1 ? "[\(page.joined(separator: ","))]" : "[\(last)]")
            }
            try await withBackground {
                try await stack.spine.run()
            } body: {
                try await stack.expect(key: effect.key, state: "done")
            }
            #expect(stack.gateway.methods(of: effect.path) == ["GET", "GET"])
        }
    }

    @Test("an effect that left early, and whose commit nobody heard of, is finished from the table")
    func unheardCommit() async throws {
        try await withStack { stack in
            let effect = try delete(7)
            await stack.spine.sendEarly(effect)
            try await eventually("it is sent") { stack.gateway.calls(of: effect.path) == 1 }
            // Committed, while the answer to the commit was lost.
            try await stack.client.withTransaction { transaction in
                _ = try await transaction.query(EffectTable.inserting([effect], of: .moderation))
            }
            try await stack.owner.query("UPDATE effects SET next_attempt_at = now()")
            try await stack.expect(key: effect.key, state: "done")
            #expect(stack.gateway.calls(of: effect.path) == 1)
        }
    }

    @Test("events of ours leave in the order of their commits, without a hole")
    func outbox() async throws {
        try await withStack { stack in
            try await stack.bus.withConnection(.adminAPI) { reader in
                let topic = TopicFilter(CaseOpened.topic)
                try await reader.withSubscription([topic], name: "test") { subscription in
                    await subscription.waitUntilOpen(timeout: .seconds(5))
                    await withThrowingTaskGroup(of: Void.self) { group in
                        for number in 1...60 {
                            group.addTask { () async throws -> Void in
                                try await stack.spine.transaction { transaction in
                                    try transaction.publish(caseOpened(number))
                                    // Every third changes its mind: its number must not leave a hole.
                                    if number % 3 == 0 { throw CancellationError() }
                                }
                            }
                        }
                        while let result = await group.nextResult() { _ = result }
                    }
                    var seqs: [UInt64] = []
                    for await batch in subscription {
                        for event in batch {
                            let header = try event.header
                            #expect(header.prev == header.seq - 1)
                            seqs.append(header.seq)
                        }
                        if seqs.count >= 40 { break }
                    }
                    #expect(seqs == Array(1...40))
                }
            }
        }
    }

    @Test("old rows are removed when they have ended, others and those of other services stay")
    func housekeeping() async throws {
        try await withStack(runsAtOnce: false) { stack in
            try await stack.owner.query(
                """
                INSERT INTO effects (key, service, bot, method, path, lane, safety, state, created_at, finished_at,
                    expires_at)
                SELECT concat_ws(' ', service, state, age), service, 'iris', 'DELETE', '/x', 'message', 'idempotent',
                    state, now() - age * interval '1 day',
                    CASE WHEN state NOT IN ('pending', 'unknown') THEN now() - age * interval '1 day' END, now()
                FROM unnest(ARRAY['moderation', 'persona']) service,
                    unnest(ARRAY['pending', 'done', 'refused', 'unknown', 'expired']) state,
                    unnest(ARRAY[6, 8, 31]) age
                """
            )
            // More than one page.
            try await stack.owner.query(
                """
                INSERT INTO outbox (service, seq, topic, type, payload, published_at)
                SELECT 'moderation', n, 't', 't', '', CASE WHEN n % 2 = 0 THEN now() - interval '8 days' END
                FROM generate_series(1, 12000) n
                """
            )
            try await stack.owner.query(
                """
                INSERT INTO refused_events (consumer, stream, seq, event, reason, refused_at)
                SELECT consumer, 1, age, 'E', 'r', now() - age * interval '1 day'
                FROM unnest(ARRAY['moderation', 'moderation-more', 'persona']) consumer, unnest(ARRAY[29, 31]) age
                """
            )
            let keeping = SpineHousekeeping(
                database: stack.client,
                service: .moderation,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            #expect(try await keeping.removeOld() == 6 + 1 + 6_000 + 1)
            let left = try await stack.owner.query(
                "SELECT key FROM effects WHERE service = 'moderation' ORDER BY key"
            ).map { try $0.decode(String.self, "key") }
            #expect(
                Set(left) == [
                    "moderation pending 6", "moderation pending 8", "moderation pending 31", "moderation done 6",
                    "moderation refused 6", "moderation expired 6", "moderation unknown 6", "moderation unknown 8",
                ]
            )
            func count(_ query: Query) async throws -> Int {
                try await stack.owner.query(query).only().decode(Int.self, "count")
            }
            #expect(try await count("SELECT count(*) AS count FROM effects WHERE service = 'persona'") == 15)
            #expect(try await count("SELECT count(*) AS count FROM outbox WHERE published_at IS NULL") == 6_000)
            #expect(try await count("SELECT count(*) AS count FROM outbox") == 6_000)
            #expect(try await count("SELECT count(*) AS count FROM refused_events") == 5)
            #expect(try await keeping.removeOld() == 0)
        }
    }

    // MARK: Parts

    private func delete(_ message: UInt64) throws -> Effect {
        Effect.deleteMessage(
            MessageID(message),
            in: ChannelID(5),
            by: try #require(BotID("iris")),
            reason: "a test"
        )
    }

    private func caseOpened(_ number: Int) -> CaseOpened {
        CaseOpened(
            guild: GuildID(1),
            number: number,
            type: "warn",
            user: UserID(2),
            moderator: nil,
            reason: "r"
        )
    }

    private func withStack(
        runsAtOnce: Bool = true,
        _ body: @Sendable @escaping (Stack) async throws -> Void
    ) async throws {
        let database = try await PostgresCluster.shared.makeMigratedDatabase()
        let owner = try database.makeClient(maximumConnections: 2)
        let client = try database.makeClient(user: "ensemble_moderation") { $0.acquireTimeout = .seconds(20) }
        try await withTestBus { bus in
            try await bus.withConnection(.gateway) { gatewayBus in
                let gateway = FakeGateway()
                try await withBackground {
                    try await gatewayBus.serve(ExecuteREST.self) { request, _ in gateway.answer(request) }
                } body: {
                    try await bus.withConnection(.moderation) { connection in
                        let instance = ServiceInstance(service: .moderation)
                        let spine = Spine(
                            database: client,
                            bus: connection,
                            instance: instance,
                            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                            metrics: MetricsRegistry(instance: instance)
                        )
                        let stack = Stack(client: client, owner: owner, bus: bus, spine: spine, gateway: gateway)
                        guard runsAtOnce else { return try await body(stack) }
                        try await withBackground {
                            try await spine.run()
                        } body: {
                            try await body(stack)
                        }
                    }
                }
            }
        }
        await client.close()
        await owner.close()
    }
}

/// A service of the role `ensemble_moderation`, and a gateway to which it speaks.
private struct Stack: Sendable {
    let client: PostgresClient
    let owner: PostgresClient
    let bus: TestBus
    let spine: Spine
    let gateway: FakeGateway

    func expect(key: String, state: String) async throws {
        try await eventually("\(key) is \(state)") {
            let rows = try await owner.query("SELECT state FROM effects WHERE key = \(key)")
            return try rows.first?.decode(String.self, "state") == state
        }
    }
}

/// Counts calls, and answers as it is told.
private final class FakeGateway: Sendable {
    private struct State {
        var methods: [String: [String]] = [:]
        var scripts: [String: @Sendable (Int) -> RESTOutcome] = [:]
    }

    private let state = Mutex(State())

    func script(_ path: String, _ answer: @escaping @Sendable (Int) -> RESTOutcome) {
        state.withLock { $0.scripts[path] = answer }
    }

    func calls(of path: String) -> Int {
        methods(of: path).count
    }

    func methods(of path: String) -> [String] {
        state.withLock { $0.methods[path, default: []] }
    }

    func answer(_ request: ExecuteREST) -> RESTOutcome {
        state.withLock { state in
            state.methods[request.path, default: []].append(request.method)
            let number = state.methods[request.path, default: []].count
            return state.scripts[request.path]?(number) ?? RESTOutcome(status: 204)
        }
    }
}
