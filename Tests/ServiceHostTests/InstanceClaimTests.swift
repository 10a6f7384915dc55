import Store
import Testing

@testable import ServiceHost

@Suite("Two processes of one instance")
struct InstanceClaimTests {
    private static func run(_ name: String) -> InstanceRun {
        InstanceRun(run: name, host: "127.0.0.1", port: 9101, pid: 1)
    }

    /// The registry's row, and the processes that write it.
    private struct Registry {
        var row: InstanceRun?
        var claims: [String: InstanceClaim] = [:]

        mutating func enter(_ name: String) -> InstanceClaim.Verdict {
            let verdict = claims[name, default: InstanceClaim(own: name)].entered(over: row)
            row = InstanceClaimTests.run(name)
            return verdict
        }
    }

    @Test("One that is started again after a kill -9 finds its predecessor's entry, and is alone")
    func restarted() {
        var registry = Registry()
        for name in ["first", "first", "second", "second", "third", "third", "third"] {
            #expect(registry.enter(name) == .alone)
        }
    }

    @Test("Of two the later gives way, and the earlier learns of it")
    func two() {
        var registry = Registry(row: Self.run("dead"))
        #expect(registry.enter("early") == .alone)
        #expect(registry.enter("late") == .alone)
        #expect(registry.enter("early") == .joined(Self.run("late")))
        #expect(registry.enter("late") == .taken(Self.run("early")))
        // It has gone.
        #expect(registry.enter("early") == .joined(Self.run("late")))
        #expect(registry.enter("early") == .alone)
    }

    @Test("Of two that start together one gives way, whoever writes first", arguments: ["dead", nil])
    func together(_ before: String?) {
        var registry = Registry(row: before.map { Self.run($0) })
        #expect(registry.enter("a") == .alone)
        #expect(registry.enter("b") == .alone)
        #expect(registry.enter("b") == .alone)
        #expect(registry.enter("a") == .joined(Self.run("b")))
        #expect(registry.enter("b") == .taken(Self.run("a")))
    }
}
