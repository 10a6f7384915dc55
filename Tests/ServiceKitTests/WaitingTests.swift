import ServiceKit
import TestSupport
import Testing

@Suite struct WaitingTests {
    private struct FixedGenerator: RandomNumberGenerator {
        let value: UInt64
        mutating func next() -> UInt64 { value }
    }

    @Test func backoffGrowsToItsCapAndNeverFallsBelowItsFloor() {
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2), floor: .milliseconds(50))
        var high = FixedGenerator(value: .max)
        let waits = (0..<40).map { _ in backoff.next(using: &high) }
        #expect(waits[0] <= .milliseconds(100))
        #expect(waits[4] > waits[0])
        #expect(waits.allSatisfy { $0 <= .seconds(2) })
        #expect(waits[39] > .milliseconds(1900))
        var low = FixedGenerator(value: 0)
        #expect(backoff.next(using: &low) == .milliseconds(50))
        backoff.reset()
        #expect(backoff.attempts == 0)
    }

    @Test func aDeadlineCancelsTheOperation() async throws {
        let clock = ManualClock()
        let result = Task {
            try await withDeadline(.seconds(3), clock: clock) { try await clock.sleep(for: .seconds(60)) }
        }
        try await clock.sleepers(2)
        clock.advance(by: .seconds(3))
        await #expect(throws: DeadlineExceeded.self) { try await result.value }
    }

    @Test func aResultInTimePasses() async throws {
        let value = try await withDeadline(.seconds(3), clock: ManualClock()) { 7 }
        #expect(value == 7)
    }

    @Test func aFarewellIsSaidAlsoWhenTheSpeakerIsCancelled() async throws {
        let clock = ManualClock()
        let speaker = Task {
            // Cancelled before it begins: the sleep ends at once.
            try? await Task.sleep(for: .seconds(60))
            return try await withFarewell(.seconds(60)) {
                try await clock.sleep(for: .seconds(1))
                return 7
            }
        }
        speaker.cancel()
        try await clock.sleepers(1)
        clock.advance(by: .seconds(1))
        #expect(try await speaker.value == 7)

        await #expect(throws: DeadlineExceeded.self) {
            try await withFarewell(.milliseconds(1)) { try await clock.sleep(for: .seconds(60)) }
        }
    }

    @Test func aSleeperWakesAtASignalAtItsTimeOrWhenItIsCancelled() async throws {
        let clock = ManualClock()
        let wake = Wake()
        // Kept for the next wait, and two are one.
        wake.signal()
        wake.signal()
        await wake.wait(atMost: .seconds(60), clock: clock)

        // Its time, twice: a wait that ended leaves the next one whole.
        for _ in 0..<2 {
            let sleeper = Task { await wake.wait(atMost: .seconds(60), clock: clock) }
            try await clock.sleepers(1)
            clock.advance(by: .seconds(60))
            await sleeper.value
        }

        let sleeper = Task { await wake.wait(atMost: .seconds(60), clock: clock) }
        try await clock.sleepers(1)
        wake.signal()
        await sleeper.value

        let cancelled = Task { await wake.wait(atMost: .seconds(60), clock: clock) }
        try await clock.sleepers(1)
        cancelled.cancel()
        await cancelled.value
    }
}
