import BusContract
import DiscordModel
import Foundation
import MessageBus
import Postgres
import Store
import Synchronization
import TestSupport
import Testing

/// The built gateway with a plan, or with instances that do not take everything: who is asked, and what members see.
@Suite("Interactions by route", .serialized, .timeLimit(.minutes(3)))
struct InteractionRoutingTests {
    private static let plan = """
        strategy: function
        routes:
          chat:
            channels: [bot-*]
            instance_type: chat
            fallback_instances: ["4"]
        """
    private static let declaration = DeclareCommands(
        service: "moderation",
        version: 1,
        commands: ["words", "case"].map {
            DeclaredCommand(
                name: $0,
                deferral: .ephemeral,
                definition: #"{"name":"\#($0)","description":"Something"}"#
            )
        },
        components: []
    )

    /// Who was asked what, in the order of asking.
    private final class Asked: Sendable {
        private let names = Mutex<[String]>([])

        func add(_ name: String) {
            names.withLock { $0.append(name) }
        }

        var all: [String] { names.withLock { $0 } }
    }

    private func with(
        plan: String?,
        _ body: @escaping @Sendable (GatewayBench, GatewayProcess) async throws -> Void
    ) async throws {
        try await GatewayBench.with(tokens: ["rainbow"]) { bench in
            try plan?.write(toFile: bench.config + "/routing.yaml", atomically: true, encoding: .utf8)
            let gateway = try bench.start()
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow")
            _ = try await bench.service.request(Self.declaration, timeout: .seconds(5))
            try await body(bench, gateway)
        }
    }

    private func register(_ bench: GatewayBench, _ instance: String, _ limits: InstanceLimits) async throws {
        try await Instances(bench.client).report(
            service: "moderation",
            instance: instance,
            InstanceRun(run: "test", host: "127.0.0.1", port: 1, pid: 1),
            report: "{}",
            limits: limits
        )
        // It lives as long as the test does.
        try await bench.client.query(
            "UPDATE instances SET seen_at = now() + interval '1 hour' WHERE service = 'moderation'"
        )
    }

    /// Serves the address, which tells whom it was that was asked.
    private func serve(
        _ address: RequestAddress,
        _ asked: Asked,
        _ bench: GatewayBench,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withBackground {
            try await bench.service.serve(HandleInteraction.self, at: address) { request, _ in
                asked.add("\(address.rawValue) \(request.name)")
                return InteractionReply(kind: .message, data: #"{"content":"\#(request.name)","flags":64}"#)
            }
        } body: {
            try await body()
        }
    }

    private func answer(to interaction: String, _ bench: GatewayBench) async throws -> String {
        var found: [GatewayBench.Shown] = []
        try await eventually("the answer to \(interaction)") {
            found = try await bench.shown().filter { $0.interaction == interaction && !$0.loading }
            return !found.isEmpty
        }
        #expect(found.count == 1)
        return found.first?.content ?? ""
    }

    private let common = RequestAddress.commands(of: .moderation)

    @Test("The owner answers and the others are silent; when it has gone, its fallback answers")
    func ownerAndFallback() async throws {
        try await with(plan: Self.plan) { bench, _ in
            let asked = Asked()
            try await register(bench, "1", InstanceLimits(type: "chat"))
            try await register(bench, "4", InstanceLimits(type: "image"))
            try await serve(common, asked, bench) {
                try await serve(common.ofInstance("4"), asked, bench) {
                    try await serve(common.ofInstance("1"), asked, bench) {
                        let id = try await bench.use("/words")
                        #expect(try await answer(to: id, bench) == "words")
                    }
                    // The registry still has it: the switchboard says that it is not there.
                    let id = try await bench.use("/words")
                    #expect(try await answer(to: id, bench) == "words")
                }
            }
            #expect(asked.all == ["commands.moderation/instance/1 words", "commands.moderation/instance/4 words"])
        }
    }

    @Test("Without a plan a command goes only to who takes it; what nobody takes the member is told in words")
    func restricted() async throws {
        try await with(plan: nil) { bench, _ in
            let asked = Asked()
            try await serve(common.ofInstance("1"), asked, bench) {
                try await serve(common.ofInstance("2"), asked, bench) {
                    try await register(bench, "1", InstanceLimits(commands: ["case"]))
                    try await register(bench, "2", InstanceLimits(commands: ["words"]))
                    for _ in 0..<3 {
                        let id = try await bench.use("/words")
                        #expect(try await answer(to: id, bench) == "words")
                    }
                    let id = try await bench.use("/case")
                    #expect(try await answer(to: id, bench) == "case")
                    #expect(
                        asked.all == Array(repeating: "commands.moderation/instance/2 words", count: 3)
                            + ["commands.moderation/instance/1 case"]
                    )
                    try await bench.client.query(
                        "DELETE FROM instances WHERE service = 'moderation' AND instance = '2'"
                    )
                    try await eventually("the gateway knows") {
                        let id = try await bench.use("/words")
                        return try await answer(to: id, bench).hasPrefix("Nobody here can do this")
                    }
                }
            }
        }
    }

    @Test("A plan that cannot be read is told with its line, and the gateway ends with 78")
    func badPlan() async throws {
        try await GatewayBench.with(tokens: ["rainbow"]) { bench in
            try "strategy: load\nbalanced: []\nstandby: 2\n".write(
                toFile: bench.config + "/routing.yaml",
                atomically: true,
                encoding: .utf8
            )
            let gateway = try bench.start()
            defer { gateway.kill() }
            try await eventually("it ends") { !gateway.isRunning }
            #expect(gateway.exitStatus == 78)
            #expect(gateway.output.contains("routing.yaml:2: balanced: expected at least one INSTANCE_ID"))
        }
    }
}
