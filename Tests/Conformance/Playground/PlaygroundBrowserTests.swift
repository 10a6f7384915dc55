import FoundationEssentials
import ServiceKit
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The built playground as a new user meets it: chromium, driven by playwright, beside bots of discord.py.
@Suite("The playground in a browser")
struct PlaygroundBrowserTests {
    /// Ten seconds are what a stop may take.
    private static let stopLimit = Duration.seconds(10)

    @Test(
        "a member chats, plays, clicks and switches languages, and the process stops in time",
        .timeLimit(.minutes(8))
    )
    func visit() async throws {
        let ports = try FreePorts.take(2)
        let script = "playground_in_browser.py"
        let status = try await run(ports: ports) {
            try await PythonClient.run(
                script,
                environment: [
                    "PLAYGROUND_URL": "http://127.0.0.1:\(ports[0])", "PLAYGROUND_LAVALINK_PORT": "\(ports[1])",
                ],
                within: .seconds(180)
            )
        }
        #expect(status == .exited(0))
    }

    @Test("a port that is taken is one clear line and exit code 78", .timeLimit(.minutes(2)))
    func takenPort() async throws {
        let ports = try FreePorts.take(2)
        _ = try await run(ports: ports) {
            // The script's first step waits until the first process listens.
            try await PythonClient.run(
                "wait_for.py",
                arguments: ["http://127.0.0.1:\(ports[0])/ready"],
                within: .seconds(30)
            )
            let second = try await Subprocess.run(
                Self.executable,
                environment: Self.environment(ports),
                output: .discarded,
                error: .string(limit: 65_536)
            )
            #expect(second.terminationStatus == .exited(78))
            #expect(second.standardError.contains("expected a free port"))
        }
    }

    private static var executable: Executable {
        .path(FilePath(BuiltProducts.executable("playground").path))
    }

    private static func environment(_ ports: [Int]) -> Environment {
        .inherit.updating([
            "PLAYGROUND_PORT": "\(ports[0])", "PLAYGROUND_LAVALINK_PORT": "\(ports[1])", "LOG_LEVEL": "warning",
        ])
    }

    /// Runs the executable for the length of a body, then stops it as an operator would.
    private func run<Result: Sendable>(
        ports: [Int],
        _ body: () async throws -> Result
    ) async throws -> TerminationStatus {
        var failure: (any Error)?
        let clock = ContinuousClock()
        var stopped: ContinuousClock.Instant?
        let record = try await Subprocess.run(
            Self.executable,
            environment: Self.environment(ports),
            input: .none,
            output: .discarded,
            error: .discarded
        ) { execution in
            do { _ = try await body() } catch { failure = error }
            stopped = clock.now
            try execution.send(signal: .terminate)
        }
        if let failure { throw failure }
        if let stopped { #expect(stopped.duration(to: clock.now) < Self.stopLimit) }
        return record.terminationStatus
    }
}
