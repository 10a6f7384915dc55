import DiscordModel
import Foundation
import Postgres
import TestSupport
import Testing

/// The built gateway over each transport compression: sessions outlive contexts.
@Suite("Compressed streams", .serialized, .timeLimit(.minutes(3)))
struct CompressedStreamTests {
    @Test(
        "A session is resumed over a new context after a cut, damaged bytes and kill -9; every message arrives once",
        arguments: ["zstd-stream", "zlib-stream"]
    )
    func resumed(compression: String) async throws {
        try await GatewayBench.with { bench in
            var gateway = try bench.start(extra: ["DISCORD_GATEWAY_COMPRESSION": compression])
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow", "iris")
            var expected: [String] = []
            for (index, fault) in ["drop", "damage", "kill", nil].enumerated() {
                for number in 0..<20 {
                    // Long ones too: more than one block of either algorithm.
                    let content = "\(index)/\(number) " + String(repeating: "word\(number) ", count: number * 15)
                    expected.append(content.trimmingCharacters(in: .whitespaces))
                    try await bench.say(expected[expected.count - 1])
                }
                switch fault {
                case "kill":
                    gateway.kill()
                    gateway = try bench.start(extra: ["DISCORD_GATEWAY_COMPRESSION": compression])
                case let fault?:
                    try await bench.control("/faults", ["target": "gateway", "kind": fault, "bot": "rainbow"])
                    if fault == "damage" {
                        try await eventually("the damage is noticed") {
                            gateway.output.contains("the compressed stream is broken")
                        }
                    }
                case nil: break
                }
            }
            try await eventually("the journal has each once", within: .seconds(30)) {
                let rows = try await bench.client.query(
                    "SELECT payload FROM journal WHERE event = 'MESSAGE_CREATE' ORDER BY seq"
                )
                return try rows.map { try MessageEvent(json: try $0.decode([UInt8].self, "payload")).content }
                    == expected
            }
            // One IDENTIFY at the start, RESUME ever after.
            #expect(try await bench.identifies("rainbow") == 1)
            let connections = try await bench.look("/connections")
            #expect(connections.contains("\"compress\":\"\(compression)\""), "\(connections)")
            #expect(!connections.contains("\"compress\":\"none\""))
        }
    }

    @Test("A wrong setting is one line with the choices, and exit code 78")
    func wrongSetting() async throws {
        try await GatewayBench.with { bench in
            let gateway = try bench.start(extra: ["DISCORD_GATEWAY_COMPRESSION": "zstd"])
            defer { gateway.kill() }
            try await eventually("it exits") { !gateway.isRunning }
            #expect(gateway.exitStatus == 78)
            #expect(gateway.output.contains("DISCORD_GATEWAY_COMPRESSION") && gateway.output.contains("zstd-stream"))
        }
    }
}
