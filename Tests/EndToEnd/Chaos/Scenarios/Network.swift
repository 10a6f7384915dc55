import Foundation
import TestSupport
import Testing

/// A network between two hosts that is cut, in a stack of its own: moderation runs on another host than the bus, over TCP
/// with CURVE.
///
/// `infra/scripts/chaos.sh` gives the whole run a network namespace of its own, which is the first host; the second is one
/// that the test makes. Nothing of the machine's own network is touched.
extension ChaosTests {
    static let cutNetwork = "a network that is cut"

    @Test(
        "a network that is cut between moderation and the bus",
        .enabled(if: Chaos.isWhole, "it takes too long for make test: make chaos has it"),
        .enabled(if: Chaos.takes(cutNetwork), "others were asked for"),
        .enabled(if: Chaos.isIsolated, "only root may give a run networks of its own"),
        arguments: Chaos.seeds
    )
    func theNetworkIsCut(seed: UInt64) async throws {
        try await Link.withLink { link in
            let keys = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: keys) }
            let settings = ["ENSEMBLE_BUS": "tcp://\(link.here):\(try FreePorts.first(of: 3))", "BUS_KEYS": keys.path]
            let made = try await Command.run("ensemble", ["keys"], settings)
            try #require(made.code == 0, "\(made.output)")
            try await Troupe.withTroupe(settings, elsewhere: ["MODERATION"]) { launchers in
                try launchers.set("moderation", runner: "ip netns exec \(link.namespace)")
            } _: { troupe in
                var stage = Stage(troupe, steps: Chaos.steps, again: "CHAOS_SEED=\(seed)", seed: seed)
                try await Traffic.beginMusic(troupe)
                // A first sign that moderation is there.
                try await stage.settle("before the network is cut")
                for (way, length) in [(Link.Way.down, 5), (.down, 20), (.silent, 5), (.silent, 20)] {
                    let begin = ContinuousClock.now
                    try await stage.act(steps: stage.steps / 3)
                    try await link.cut(way)
                    let end = ContinuousClock.now + .seconds(length)
                    try await stage.act(steps: stage.steps / 3)
                    // The length of the fault.
                    try await Task.sleep(until: end)
                    try await link.mend(way)
                    try await stage.act(steps: stage.steps / 3)
                    let name = "\(Self.cutNetwork), \(way.rawValue), for \(length) s"
                    try await stage.settle(name)
                    Chaos.report("\(name): nothing lost, nothing doubled", since: begin)
                }
            }
        }
    }
}

/// Two hosts: our own network namespace and one more, with a cable between them.
private struct Link {
    enum Way: String {
        /// The cable is drawn: whoever sends is told that there is no way.
        case down = "the cable drawn"
        /// Packets vanish, in both directions, and nobody is told.
        case silent = "packets vanishing"
    }

    let namespace: String
    private let cable: String
    /// Our address on the cable.
    let here = "10.213.77.1"
    private let there = "10.213.77.2"

    static func withLink(_ body: (Link) async throws -> Void) async throws {
        let number = getpid() % 100_000
        let link = Link(namespace: "ensemble-\(number)", cable: "ens\(number)")
        do {
            try await link.make()
            try await body(link)
        } catch {
            await link.remove()
            throw error
        }
        await link.remove()
    }

    private func make() async throws {
        try await ip("netns", "add", namespace)
        try await ip("link", "add", "\(cable)a", "type", "veth", "peer", "name", "\(cable)b", "netns", namespace)
        try await ip("address", "add", "\(here)/30", "dev", "\(cable)a")
        try await ip("link", "set", "\(cable)a", "up")
        try await ip("-n", namespace, "address", "add", "\(there)/30", "dev", "\(cable)b")
        try await ip("-n", namespace, "link", "set", "lo", "up")
        try await ip("-n", namespace, "link", "set", "\(cable)b", "up")
    }

    /// The cable goes with its end.
    private func remove() async {
        try? await ip("netns", "delete", namespace)
        try? await ip("link", "delete", "\(cable)a")
    }

    func cut(_ way: Way) async throws {
        switch way {
        case .down: try await ip("-n", namespace, "link", "set", "\(cable)b", "down")
        case .silent: try await silence("add")
        }
    }

    func mend(_ way: Way) async throws {
        switch way {
        case .down: try await ip("-n", namespace, "link", "set", "\(cable)b", "up")
        case .silent: try await silence("delete")
        }
    }

    /// A route away from the cable's other end: what is sent there is dropped on the way, by both hosts.
    private func silence(_ verb: String) async throws {
        try await ip(
            "neighbour",
            verb == "add" ? "replace" : "delete",
            there,
            "lladdr",
            "02:00:00:00:00:01",
            "dev",
            "\(cable)a"
        )
        try await ip(
            "-n",
            namespace,
            "neighbour",
            verb == "add" ? "replace" : "delete",
            here,
            "lladdr",
            "02:00:00:00:00:02",
            "dev",
            "\(cable)b"
        )
    }

    private func ip(_ words: String...) async throws {
        try await SystemCommand.run(["ip"] + words)
    }
}
