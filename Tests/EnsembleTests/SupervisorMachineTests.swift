import EnsembleCore
import ServiceKit
import Testing

@Suite struct SupervisorMachineTests {
    private struct HighestDraw: RandomNumberGenerator, Sendable {
        mutating func next() -> UInt64 { .max }
    }

    private static let gateway = Member.service(.gateway)
    private static let music = Member.service(.music)
    private static let bus = Member.service(.bus)

    private func machine(_ members: [Member] = [.database, bus, gateway, music]) -> SupervisorMachine {
        SupervisorMachine(
            members,
            backoff: Backoff(base: .milliseconds(200), cap: .seconds(10)),
            generator: HighestDraw()
        )
    }

    /// A machine whose members all run and are ready.
    private func running() -> SupervisorMachine {
        var machine = machine()
        for member in machine.records.keys {
            _ = machine.handle(.release(member), at: .zero)
            _ = machine.handle(.started(member), at: .zero)
            _ = machine.handle(.readiness(member, true, detail: nil), at: .seconds(1))
        }
        return machine
    }

    @Test func nothingStartsBeforeItIsReleased() {
        var machine = machine()
        #expect(machine.handle(.tick, at: .seconds(1)) == [])
        #expect(machine.handle(.release(Self.gateway), at: .seconds(1)) == [.start(Self.gateway)])
        #expect(machine.handle(.release(Self.gateway), at: .seconds(1)) == [])
        #expect(!machine.isReady)
    }

    @Test func aDeadServiceComesBackLaterEachTime() {
        var machine = running()
        var now = Duration.seconds(2)
        var waits: [Duration] = []
        for _ in 0..<12 {
            #expect(machine.handle(.ended(Self.gateway, code: 70), at: now) == [])
            guard case .waiting(let until)? = machine.records[Self.gateway]?.state else {
                Issue.record("does not wait")
                return
            }
            waits.append(until - now)
            #expect(machine.handle(.tick, at: until - .milliseconds(1)) == [])
            #expect(machine.handle(.tick, at: until) == [.start(Self.gateway)])
            now = until
        }
        #expect(waits[0] <= .milliseconds(200))
        #expect(waits[3] > waits[0])
        #expect(waits.allSatisfy { $0 <= .seconds(10) })
        #expect(machine.records[Self.gateway]?.restarts == 12)
        #expect(machine.records[Self.music]?.state == .ready)
    }

    @Test func aCalmTimeMakesTheNextRestartQuickAgain() {
        var machine = running()
        var now = Duration.seconds(2)
        for _ in 0..<8 {
            _ = machine.handle(.ended(Self.music, code: 1), at: now)
            now += .seconds(11)
            _ = machine.handle(.tick, at: now)
        }
        now += SupervisorMachine.calm
        _ = machine.handle(.ended(Self.music, code: 1), at: now)
        #expect(machine.handle(.tick, at: now + .milliseconds(200)) == [.start(Self.music)])
    }

    @Test func aWrongConfigurationIsNotTriedAgain() {
        var machine = running()
        _ = machine.handle(.ended(Self.music, code: 78), at: .seconds(2))
        #expect(machine.records[Self.music]?.state == .misconfigured)
        #expect(machine.handle(.tick, at: .seconds(1000)) == [])
    }

    @Test func allStopInTheOppositeOrderOfTheirDependence() {
        var machine = running()
        #expect(machine.handle(.stop, at: .seconds(5)) == [.terminate(Self.music)])
        #expect(machine.handle(.stop, at: .seconds(5)) == [])
        #expect(machine.handle(.ended(Self.music, code: 0), at: .seconds(6)) == [.terminate(Self.gateway)])
        #expect(machine.handle(.ended(Self.gateway, code: 0), at: .seconds(7)) == [.terminate(Self.bus)])
        #expect(machine.handle(.ended(Self.bus, code: 0), at: .seconds(8)) == [.terminate(.database)])
        #expect(machine.handle(.ended(.database, code: 0), at: .seconds(9)) == [.finish])
    }

    @Test func whoDoesNotStopIsKilled() {
        var machine = running()
        _ = machine.handle(.stop, at: .seconds(5))
        let deadline = Duration.seconds(5) + SupervisorMachine.patience
        #expect(machine.handle(.tick, at: deadline - .milliseconds(1)) == [])
        #expect(machine.handle(.tick, at: deadline) == [.kill(Self.music)])
    }

    @Test func stoppingForgetsWhoWaitsForItsRestart() {
        var machine = running()
        _ = machine.handle(.ended(Self.music, code: 1), at: .seconds(5))
        #expect(machine.handle(.stop, at: .seconds(5)) == [.terminate(Self.gateway)])
        #expect(machine.handle(.tick, at: .seconds(100)).contains(.start(Self.music)) == false)
    }

    @Test func stoppingBeforeAnythingRunsEndsAtOnce() {
        var machine = machine()
        #expect(machine.handle(.stop, at: .zero) == [.finish])
    }

    @Test func readinessComesAndGoes() {
        var machine = running()
        #expect(machine.isReady)
        _ = machine.handle(.readiness(Self.gateway, false, detail: "database: unreachable"), at: .seconds(3))
        #expect(machine.records[Self.gateway]?.state == .starting(detail: "database: unreachable"))
        #expect(!machine.isReady)
        _ = machine.handle(.readiness(Self.gateway, true, detail: nil), at: .seconds(4))
        #expect(machine.isReady)
    }
}
