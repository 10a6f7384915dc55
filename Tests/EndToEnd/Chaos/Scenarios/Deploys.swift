import Foundation
import TestSupport

/// What an operator does on purpose: new processes in the place of old ones, while members go on.
extension Scenario {
    static let deploys: [Scenario] = [
        Scenario("every service is replaced, one after the other", .long) { stage in
            let troupe = stage.troupe
            let before = try await Sessions.left(troupe)
            for service in Scenario.victims where service != "postgres" {
                try await stage.act(steps: 2)
                let took = try await troupe.replace(service)
                Chaos.report("\(service) stopped within \(milliseconds: took) of SIGTERM")
                try await stage.act(steps: 1)
                try await troupe.waitUntilReady(service)
            }
            try await Sessions.expectNone(since: before, troupe)
        },
        Scenario("a second gateway takes over, and the first takes it back", .long) { stage in
            let troupe = stage.troupe
            let before = try await Sessions.left(troupe)
            let second = try SecondGateway(beside: troupe)
            defer { second.kill() }
            try await second.waitUntilStandingBy()
            try await stage.act(steps: stage.steps / 3)
            let old = troupe.processes(of: "gateway")
            // The one that stops would come back at once, and be the faster.
            try troupe.launchers.hold("gateway")
            defer { troupe.launchers.release("gateway") }
            let gap = try await Sessions.handOver(troupe) {
                troupe.terminate("gateway")
            } isTaken: {
                troupe.processes(of: "gateway").isEmpty && second.hasSessions
            }
            try await stage.act(steps: stage.steps / 3)
            let stood = troupe.log.ranges(of: SecondGateway.standingBy).count
            troupe.launchers.release("gateway")
            try await troupe.waitUntilReplaced("gateway", old)
            Chaos.report("no session for \(milliseconds: gap) while a second gateway took over")
            try await eventually("the first gateway stands by") {
                troupe.log.ranges(of: SecondGateway.standingBy).count > stood
            }
            let back = try await Sessions.handOver(troupe) {
                second.terminate()
            } isTaken: {
                second.hasEnded
            }
            Chaos.report("no session for \(milliseconds: back) while the first took over again")
            try second.expectOrderlyEnd()
            try await stage.act(steps: stage.steps / 3)
            try await Sessions.expectNone(since: before, troupe)
            for gap in [gap, back] where gap > .seconds(5) {
                throw DeployFailed(description: "the sessions were away for \(gap)")
            }
        },
    ]
}

private struct DeployFailed: Error, CustomStringConvertible {
    let description: String
}

extension DefaultStringInterpolation {
    fileprivate mutating func appendInterpolation(milliseconds time: Duration) {
        appendLiteral("\(Int(time / .milliseconds(1))) ms")
    }
}

extension Troupe {
    /// A service is told to stop, ends in order within its time, and a new process comes.
    ///
    /// - Returns: how long it took to end.
    fileprivate func replace(_ service: String) async throws -> Duration {
        let before = processes(of: service)
        let line = "\(service) ended with exit code 0"
        let ends = log.ranges(of: line).count
        let begin = ContinuousClock.now
        terminate(service)
        try await eventually("\(service) ends within 10 s of SIGTERM", within: .seconds(10)) {
            Set(processes(of: service)).isDisjoint(with: before)
        }
        let took = ContinuousClock.now - begin
        try await eventually("\(service) ended with exit code 0", within: .seconds(5)) {
            log.ranges(of: line).count > ends
        }
        try await waitUntilReplaced(service, before)
        return took
    }
}

/// Sessions with Discord, as Discord sees them.
private enum Sessions {
    private struct GatewayInfo: Decodable {
        struct Limit: Decodable {
            let remaining: Int
        }

        let session_start_limit: Limit
    }

    private struct Connection: Decodable {
        let bot: String
    }

    private static let bots = ["rainbow", "iris", "aurora", "selene"]

    /// How many sessions each bot may still begin today.
    static func left(_ troupe: Troupe) async throws -> [Int] {
        var left: [Int] = []
        for bot in bots {
            let http = HTTP(base: troupe.playground.http.base, headers: ["Authorization": "Bot playground.\(bot)"])
            left.append(try await http.get("/api/v10/gateway/bot", as: GatewayInfo.self).session_start_limit.remaining)
        }
        return left
    }

    static func expectNone(since before: [Int], _ troupe: Troupe) async throws {
        let now = try await left(troupe)
        guard now == before else {
            throw DeployFailed(description: "IDENTIFYs were sent: of \(before) sessions \(now) are left")
        }
    }

    /// How long not every bot had a session that is connected, while one process stopped and another took over.
    ///
    /// - Parameter isTaken: whether it is the other's, as far as one can tell without Discord.
    static func handOver(
        _ troupe: Troupe,
        stopping stop: () -> Void,
        isTaken: () -> Bool
    ) async throws -> Duration {
        var away: (first: ContinuousClock.Instant, last: ContinuousClock.Instant)?
        stop()
        try await eventually("every bot has its session with another process", within: .seconds(30)) {
            let wasTaken = isTaken()
            let connections: [Connection] = try await troupe.playground.http.get("/control/connections")
            let areAllConnected = Set(connections.map(\.bot)).count == bots.count
            if !areAllConnected { away = (away?.first ?? .now, .now) }
            return wasTaken && areAllConnected
        }
        // Faster than we can look: none that a member could feel.
        return away.map { $0.last - $0.first } ?? .zero
    }
}

/// Another gateway process on the same machine.
private final class SecondGateway: Sendable {
    private let process: Process
    private let output: URL

    init(beside troupe: Troupe) throws {
        output = troupe.log(of: "gateway", instance: "2")
        process = try troupe.startAnother("gateway", instance: "2")
    }

    /// What a gateway prints when another has the shard of all our bots.
    static let standingBy = "standing by"

    private var log: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

    func waitUntilStandingBy() async throws {
        try await eventually("the second gateway stands by") { log.contains(Self.standingBy) }
    }

    func terminate() { Foundation.kill(process.processIdentifier, SIGTERM) }

    /// Whether it has taken up those of all four bots.
    var hasSessions: Bool { log.ranges(of: "session resumed").count >= 4 }

    var hasEnded: Bool { !process.isRunning }

    func expectOrderlyEnd() throws {
        guard process.terminationStatus == 0 else {
            throw DeployFailed(description: "it ended with \(process.terminationStatus): \(log.suffix(2_000))")
        }
    }

    func kill() {
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    }
}
