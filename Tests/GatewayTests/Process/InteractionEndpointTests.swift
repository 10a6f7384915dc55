import AsyncHTTPClient
import BusContract
import Crypto
import DiscordModel
import Foundation
import MessageBus
import NIOCore
import NIOHTTP1
import Postgres
import Simulation
import Synchronization
import TestSupport
import Testing

@testable import GatewayCore

/// Interactions that come by HTTP: verified, handed over once, answered once, whatever becomes of connection and process.
@Suite("Interactions endpoint", .serialized, .timeLimit(.minutes(3)))
struct InteractionEndpointTests {
    @Test("Discord verifies the address, and commands, buttons, options and forms come there and are answered")
    func served() async throws {
        try await withEndpoint { bench, port, calls in
            let health = try FreePorts.take(1)[0]
            let gateway = try bench.start(extra: ["GATEWAY_INTERACTIONS_PORT": "\(port)", "GATEWAY_PORT": "\(health)"])
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow")
            // Rainbow's requests at another bot's address are not Iris's.
            try await #expect(place(bench, "http://127.0.0.1:\(port)/interactions/iris") == 400)
            try await #expect(place(bench, "http://127.0.0.1:\(port)/interactions/nobody") == 400)
            try await eventually("the address is accepted") { try await place(bench, address(port)) == 200 }

            let quick = try await bench.use("/ping")
            try await eventually("the answer") { try await bench.shown().contains { $0.interaction == quick } }
            let slow = try await bench.use("/slow")
            try await eventually("it is thought about") {
                try await bench.shown().contains { $0.interaction == slow && $0.loading }
            }
            calls.release()
            try await eventually("the late answer") {
                try await bench.shown().contains { $0.interaction == slow && !$0.loading && $0.content == "pong" }
            }
            let panel = try #require(try await bench.shown().first { $0.interaction == quick }?.id)
            _ = try await bench.press("test:quick", of: panel)
            try await eventually("the update") { try await bench.shown().contains { $0.content == "updated" } }
            let completed = try await bench.control(
                "/autocomplete",
                ["channel": "bot-commands", "author": "bob", "command": "/ping word:a", "focused": "word"]
            )
            #expect(completed.contains("apple"))
            let form = try await bench.press("test:form", of: panel)
            try await eventually("the form") {
                try await bench.look("/interactions?id=\(form)").contains("test:filled")
            }
            var filled = HTTPClientRequest(url: bench.url + "/control/modals")
            filled.method = .POST
            filled.body = .bytes(
                ByteBuffer(string: #"{"interaction":"\#(form)","author":"bob","fields":{"text":"하늘"}}"#)
            )
            let submitted = try await HTTPClient.shared.execute(filled, timeout: .seconds(5))
            #expect(submitted.status == .ok)
            try await eventually("its answer") { try await bench.shown().contains { $0.content == "filled: 하늘" } }

            #expect(calls.all.allSatisfy { $0.value == 1 })
            // Nothing of it went over the session, which is up.
            let metrics = try await metrics(health)
            for (bot, outcome) in [
                ("rainbow", "pong"), ("rainbow", "accepted"), ("rainbow", "wrong-signature"),
                ("iris", "wrong-signature"), ("unknown", "unknown-bot"),
            ] {
                #expect(
                    metrics.contains {
                        $0.hasPrefix("interactions_endpoint_requests_total") && $0.contains(#"bot="\#(bot)""#)
                            && $0.contains(#"outcome="\#(outcome)""#)
                    },
                    "\(bot) \(outcome)"
                )
            }
            #expect(try await place(bench, nil) == 200)
            let over = try await bench.use("/ping")
            try await eventually("over the session again") {
                try await bench.shown().contains { $0.interaction == over }
            }
            // Discord keeps its connections; they do not hold up an orderly stop.
            let stopping = ContinuousClock.now
            gateway.stop()
            #expect(gateway.exitStatus == 0)
            #expect(ContinuousClock.now - stopping < .seconds(10))
        }
    }

    @Test("Whatever PyNaCl signs wrongly is refused, and what it signs well is answered")
    func foreignSigner() async throws {
        let signer = Curve25519.Signing.PrivateKey()
        try await withEndpoint(publicKey: signer) { bench, port, _ in
            let gateway = try bench.start(extra: ["GATEWAY_INTERACTIONS_PORT": "\(port)"])
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow")
            try await listening(gateway)
            let output = try await PythonClient.run(
                "interaction_poster.py",
                arguments: ["matrix", Self.hex(signer.rawRepresentation), "1", address(port)]
            )
            #expect(output.contains("done"))
        }
    }

    @Test("Discord's connection is lost before it is answered: each interaction is still answered once")
    func connectionLost() async throws {
        try await withEndpoint { bench, port, calls in
            let gateway = try bench.start(extra: ["GATEWAY_INTERACTIONS_PORT": "\(port)"])
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow")
            try await listening(gateway)
            _ = try await bench.use("/ping")
            let output = try await PythonClient.run(
                "interaction_relay.py",
                arguments: [address(port)],
                environment: ["DISCORD_URL": bench.url]
            )
            #expect(output.contains("done"))
            #expect(calls.all.values.allSatisfy { $0 == 1 })
        }
    }

    @Test("A service that answers just when the gateway defers: one answer for each")
    func atTheDeferral() async throws {
        try await withEndpoint { bench, port, calls in
            let gateway = try bench.start(extra: ["GATEWAY_INTERACTIONS_PORT": "\(port)"])
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow")
            try await eventually("the address is accepted") { try await place(bench, address(port)) == 200 }
            var ids: [String] = []
            for _ in 0..<24 { ids.append(try await bench.use("/edge")) }
            try await eventually("all are answered") {
                let shown = try await bench.shown()
                return ids.allSatisfy { id in
                    shown.contains { $0.interaction == id && !$0.loading && $0.content == "pong" }
                }
            }
            try await eventually("all are written down") {
                var states: Set<String?> = []
                for id in ids { states.insert(try await bench.state(id)) }
                return states == ["answered"]
            }
            #expect(try await bench.shown().count == ids.count)
            #expect(calls.all.values.allSatisfy { $0 == 1 })
        }
    }

    @Test("An interaction that comes again is refused and not handed over: here, at another process, after a kill -9")
    func replayed() async throws {
        let signer = Curve25519.Signing.PrivateKey()
        try await withEndpoint(publicKey: signer) { bench, port, calls in
            let other = try FreePorts.take(1)[0]
            var first = try bench.start(extra: ["GATEWAY_INTERACTIONS_PORT": "\(port)"])
            defer { first.kill() }
            try await bench.waitUntilOnline("rainbow")
            let second = try bench.start(extra: ["GATEWAY_INTERACTIONS_PORT": "\(other)", "INSTANCE_ID": "2"])
            defer { second.kill() }
            for process in [first, second] { try await listening(process) }
            try await eventually("the second process is logged in") {
                // Until then it says so and hands nothing over.
                try await post(Self.freshID(), signer, other) == "202"
            }
            let id = Self.freshID()
            #expect(try await post(id, signer, port, port, other, port) == "202 409 409 409")
            let elsewhere = Self.freshID()
            #expect(try await post(elsewhere, signer, other, port) == "202 409")
            first.kill()
            first = try bench.start(extra: ["GATEWAY_INTERACTIONS_PORT": "\(port)"])
            try await listening(first)
            #expect(try await post(id, signer, port) == "409")
            #expect(calls.all[id] == 1)
            #expect(calls.all.values.allSatisfy { $0 == 1 })
        }
    }

    @Test("Without the database an interaction is handed over all the same, and refused when it comes again")
    func withoutDatabase() async throws {
        let signer = Curve25519.Signing.PrivateKey()
        let cluster = try await PostgresCluster.start()
        do {
            try await withEndpoint(publicKey: signer, cluster: cluster) { bench, port, calls in
                let gateway = try bench.start(extra: ["GATEWAY_INTERACTIONS_PORT": "\(port)"])
                defer { gateway.kill() }
                try await bench.waitUntilOnline("rainbow")
                try await listening(gateway)
                try await eventually("the commands are known") {
                    _ = try await post(Self.freshID(), signer, port)
                    return !calls.all.isEmpty
                }
                await cluster.stop()
                let id = Self.freshID()
                #expect(try await post(id, signer, port, port) == "202 409")
                try await eventually("it is handed over") { calls.all[id] == 1 }
                #expect(calls.all.values.allSatisfy { $0 == 1 })
            }
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }

    @Test("Killed at any moment: each interaction is answered, or its user told, once")
    func killed() async throws {
        try await withEndpoint { bench, port, calls in
            let setup = ["GATEWAY_INTERACTIONS_PORT": "\(port)"]
            var gateway = try bench.start(extra: setup)
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow")
            try await eventually("the address is accepted") { try await place(bench, address(port)) == 200 }

            // Thought about, and killed.
            let slow = try await bench.use("/slow")
            try await eventually("it is thought about") {
                try await bench.shown().contains { $0.interaction == slow && $0.loading }
            }
            try await eventually("its row") { try await bench.state(slow) == "deferred" }
            gateway.kill()
            // Nobody is there: as on Discord it fails, and no gateway will know of it.
            let lost = try await bench.use("/ping")
            try await eventually("it has failed") {
                try await bench.look("/interactions?id=\(lost)").contains(#""state":"failed""#)
            }
            gateway = try bench.start(extra: setup)
            try await eventually("it has ended") {
                try await bench.shown().contains { $0.interaction == slow && !$0.loading && !$0.content.isEmpty }
            }
            // Answered, and killed before that was written.
            let quick = try await bench.use("/ping")
            try await eventually("the answer") { try await bench.shown().contains { $0.interaction == quick } }
            try await eventually("its row") { try await bench.state(quick) == "answered" }
            gateway.kill()
            try await bench.client.query(
                "UPDATE interactions SET state = 'received' WHERE interaction::text = \(quick)"
            )
            gateway = try bench.start(extra: setup)
            try await eventually("the next process has looked") { try await bench.state(quick) == "answered" }
            let shown = try await bench.shown()
            for id in [slow, quick] { #expect(shown.filter { $0.interaction == id || $0.nonce == id }.count == 1) }
            #expect(shown.allSatisfy { $0.interaction != lost && $0.nonce != lost })
            #expect(try await bench.state(lost) == nil)
            #expect(calls.all.values.allSatisfy { $0 == 1 })
        }
    }

    @Test("What one process took and left is finished by another that lives")
    func leftToAnother() async throws {
        try await withEndpoint { bench, port, _ in
            let first = try bench.start()
            defer { first.kill() }
            try await bench.waitUntilOnline("rainbow")
            // It waits for the session, and takes interactions meanwhile.
            let second = try bench.start(extra: ["GATEWAY_INTERACTIONS_PORT": "\(port)", "INSTANCE_ID": "2"])
            defer { second.kill() }
            try await eventually("the address is accepted") { try await place(bench, address(port)) == 200 }
            var slow = ""
            try await eventually("it is thought about") {
                slow = try await bench.use("/slow")
                try await eventually("it is taken or refused", within: .seconds(10)) {
                    if try await bench.look("/interactions?id=\(slow)").contains("failed") { return true }
                    return try await bench.shown().contains { $0.interaction == slow && $0.loading }
                }
                return try await bench.shown().contains { $0.interaction == slow && $0.loading }
            }
            try await eventually("its row") { try await bench.state(slow) == "deferred" }
            second.kill()
            try await eventually("the first has ended it", within: .seconds(60)) {
                try await bench.shown().contains { $0.interaction == slow && !$0.loading && !$0.content.isEmpty }
            }
            try await eventually("its row says so") { try await bench.state(slow) == "answered" }
        }
    }

    // MARK: Parts

    /// How often each interaction was handed over, and the gate at which `/slow` waits.
    private final class Calls: Sendable {
        private let state = Mutex<(counts: [InteractionID: Int], isOpen: Bool)>(([:], false))

        func count(_ id: InteractionID) { state.withLock { $0.counts[id, default: 0] += 1 } }
        func release() { state.withLock { $0.isOpen = true } }

        var all: [InteractionID: Int] { state.withLock { $0.counts } }
        var isOpen: Bool { state.withLock { $0.isOpen } }
    }

    private func withEndpoint(
        publicKey: Curve25519.Signing.PrivateKey? = nil,
        cluster: PostgresCluster? = nil,
        _ body: @escaping @Sendable (GatewayBench, Int, Calls) async throws -> Void
    ) async throws {
        let port = try FreePorts.take(1)[0]
        let calls = Calls()
        try await GatewayBench.with(cluster: cluster) { bench in
            if let publicKey {
                let file = bench.config + "/fleet.yaml"
                let fleet = try String(contentsOfFile: file, encoding: .utf8)
                let key = "public_key: \"\(Self.hex(publicKey.publicKey.rawRepresentation))\""
                try fleet.replacing("${TOKEN_RAINBOW}\n", with: "${TOKEN_RAINBOW}\n      \(key)\n")
                    .write(toFile: file, atomically: true, encoding: .utf8)
            }
            try await withBackground {
                try await bench.service.serve(HandleInteraction.self, at: .commands(of: .moderation)) { request, _ in
                    calls.count(request.interaction)
                    return try await Self.answer(request, calls)
                }
            } body: {
                try await withBackground {
                    try await Self.declareForever(bench.service)
                } body: {
                    try await body(bench, port, calls)
                }
            }
        }
    }

    private static func answer(_ request: HandleInteraction, _ calls: Calls) async throws -> InteractionReply {
        switch (request.kind, request.name) {
        case (.autocomplete, _):
            return InteractionReply(kind: .choices, data: #"{"choices":[{"name":"apple","value":"apple"}]}"#)
        case (.modal, _):
            let text = request.options.first { $0.name == "text" }?.value ?? ""
            return InteractionReply(kind: .message, data: #"{"content":"filled: \#(text)"}"#)
        case (_, "test:form"):
            return InteractionReply(
                kind: .modal,
                data: """
                    {"custom_id":"test:filled","title":"form","components":[{"type":1,"components":[
                    {"type":4,"custom_id":"text","label":"text","style":1}]}]}
                    """
            )
        case (.component, _):
            return InteractionReply(kind: .update, data: #"{"content":"updated"}"#)
        case (_, "edge"):
            // Around the moment of the deferral, before and after it.
            let step = Int(request.interaction.rawValue % 13) - 8
            try await Task.sleep(for: InteractionMachine.deferAfter + .milliseconds(step * 3))
        case (_, "slow"):
            try await eventually("the test lets it go", within: .seconds(55)) { calls.isOpen }
        default: break
        }
        let buttons = ["quick", "form"].map { #"{"type":2,"style":1,"label":"\#($0)","custom_id":"test:\#($0)"}"# }
        return InteractionReply(
            kind: .message,
            data:
                #"{"content":"pong","components":[{"type":1,"components":[\#(buttons.joined(separator: ","))]}]}"#
        )
    }

    private static func declareForever(_ bus: BusConnection) async throws {
        let option = #"{"type":3,"name":"word","description":"a word","autocomplete":true}"#
        let commands = ["ping", "slow", "edge"].map { name in
            DeclaredCommand(
                name: name,
                deferral: .visible,
                definition: #"{"name":"\#(name)","description":"a test","type":1,"options":[\#(option)]}"#
            )
        }
        let declaration = DeclareCommands(
            service: "moderation",
            version: 1,
            commands: commands,
            components: [
                DeclaredComponent(prefix: "test:", deferral: .update),
                DeclaredComponent(prefix: "test:form", deferral: .never),
            ]
        )
        while (try? await bus.request(declaration, timeout: .seconds(1))) == nil { try Task.checkCancellation() }
    }

    private func address(_ port: Int) -> String { "http://127.0.0.1:\(port)/interactions/rainbow" }

    /// Sets Rainbow's interactions endpoint URL on Discord; gives the status.
    private func place(_ bench: GatewayBench, _ url: String?) async throws -> UInt {
        var request = HTTPClientRequest(url: bench.url + "/api/v10/applications/@me")
        request.method = .PATCH
        request.headers = ["Authorization": "Bot playground.rainbow", "Content-Type": "application/json"]
        let value = url.map { "\"\($0)\"" } ?? "null"
        request.body = .bytes(ByteBuffer(string: #"{"interactions_endpoint_url":\#(value)}"#))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        _ = try await response.body.collect(upTo: 1 << 20)
        return response.status.code
    }

    private func listening(_ gateway: GatewayProcess) async throws {
        try await eventually("it listens") { gateway.output.contains("/interactions/<bot>") }
    }

    private func metrics(_ port: Int) async throws -> [Substring] {
        let response = try await HTTPClient.shared.execute(
            HTTPClientRequest(url: "http://127.0.0.1:\(port)/metrics"),
            timeout: .seconds(5)
        )
        return String(buffer: try await response.body.collect(upTo: 1 << 22)).split(separator: "\n")
    }

    /// Posts a command that PyNaCl signs to each port in turn; gives the statuses.
    private func post(
        _ id: InteractionID,
        _ signer: Curve25519.Signing.PrivateKey,
        _ ports: Int...
    ) async throws -> String {
        try await PythonClient.run(
            "interaction_poster.py",
            arguments: ["command", Self.hex(signer.rawRepresentation), "1", "\(id)"] + ports.map(address)
        ).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func freshID() -> InteractionID {
        let now = UInt64(Date().timeIntervalSince1970 * 1_000) - 1_420_070_400_000
        return InteractionID(now << 22 | UInt64.random(in: 0..<1 << 22))
    }

    private static func hex(_ bytes: Data) -> String { bytes.map { String(format: "%02x", $0) }.joined() }
}
