import Foundation
import TestSupport

/// Wall clocks that jump under load, as after a long time without their server. Monotonic clocks go on as ever.
extension Scenario {
    static let clocks: [Scenario] = ["gateway", "moderation", "scheduler"].flatMap { service in
        [
            Scenario("the clock of \(service) jumps an hour ahead", .long) { stage in
                try await stage.act(withClockOf: service, jumpingBy: 3_600)
            },
            Scenario("the clock of \(service) jumps an hour back", .long) { stage in
                try await stage.act(withClockOf: service, jumpingBy: -3_600)
            },
        ]
    }
}

extension Stage {
    /// Members act before the jump, after it, over a kill -9 under the wrong clock, and when the clock is right again.
    fileprivate mutating func act(withClockOf service: String, jumpingBy seconds: Int) async throws {
        let troupe = troupe
        let clock = troupe.folder.appending(path: "\(service).clock")
        func set(_ seconds: Int) throws {
            // In one step: it is read at any moment.
            try "\(seconds)\n".write(to: clock, atomically: true, encoding: .utf8)
        }
        try set(0)
        let library = troupe.folder.appending(path: "wallclock.so")
        try await SystemCommand.run(
            "cc",
            "-shared",
            "-fPIC",
            "-O1",
            "-o",
            library.path,
            BuiltProducts.checkout.appending(path: "Tests/Fixtures/c/wallclock.c").path
        )
        try troupe.launchers.set(service, environment: ["LD_PRELOAD": library.path, "WALLCLOCK_FILE": clock.path])
        let first = troupe.processes(of: service)
        troupe.terminate(service)
        try await troupe.waitUntilReplaced(service, first)
        try await troupe.waitUntilReady(service)
        let before = try await reminders()
        try await act(steps: steps / 3)
        try set(seconds)
        try await act(steps: steps / 3)
        let second = troupe.processes(of: service)
        troupe.kill(service)
        try await troupe.waitUntilReplaced(service, second)
        try await act(steps: steps / 3)
        // Whoever asks for a reminder meanwhile is told that he has none.
        try await troupe.waitUntilReady(service)
        try await remind(before: before)
        // Right again, with a jump into the other direction.
        try set(0)
        try await act(steps: steps / 3)
        troupe.launchers.reset(service)
        let third = troupe.processes(of: service)
        troupe.terminate(service)
        try await troupe.waitUntilReplaced(service, third)
    }

    /// What members have been reminded of.
    private func reminders() async throws -> [String] {
        try await troupe.playground.transcript("bot-commands")
            .filter { $0.bot && $0.interaction == nil && $0.content.contains("tea") }.map(\.content)
    }

    /// A reminder of some seconds comes after some seconds, and those of an hour do not come with it.
    private mutating func remind(before: [String]) async throws {
        let text = "tea of \(number)"
        let asked = ContinuousClock.now
        try await deeds.use("/remind in:1h text:later \(text)", as: "carol", troupe)
        try await deeds.use("/remind in:5s text:soon \(text)", as: "carol", troupe)
        try await eventually("the reminder comes", within: .seconds(30)) {
            try await reminders().contains { $0.contains("soon \(text)") }
        }
        let waited = ContinuousClock.now - asked
        guard waited > .seconds(4) else { throw WrongTime(description: "a reminder of 5 s came after \(waited)") }
        let new = try await reminders().dropFirst(before.count)
        guard new.count == 1 else { throw WrongTime(description: "reminders that were not due: \(new)") }
    }

    private struct WrongTime: Error, CustomStringConvertible {
        let description: String
    }
}
