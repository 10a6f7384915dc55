import DiscordModel
import Postgres
import Testing

@testable import Store

@Suite("The registry of processes")
struct InstancesTests {
    @Test("It has what each takes, how busy it is, and who lives")
    func duties() async throws {
        try await withStore { client in
            let instances = Instances(client)
            let limits = InstanceLimits(
                type: "chat",
                commands: ["ask", "warn"],
                channels: ["채팅방-*"],
                guilds: [GuildID(77), GuildID(78)]
            )
            func tell(_ instance: String, limits: InstanceLimits, load: Double, isReady: Bool) async throws {
                try await instances.report(
                    service: "persona",
                    instance: instance,
                    InstanceRun(run: "first", host: "127.0.0.1", port: 9104, pid: 1),
                    report: "{}",
                    limits: limits,
                    load: load,
                    isReady: isReady
                )
            }
            try await tell("1", limits: limits, load: 0.25, isReady: false)
            try await tell("1", limits: limits, load: 1.5, isReady: true)
            try await tell("2", limits: InstanceLimits(), load: 0, isReady: true)
            try await client.query("UPDATE instances SET seen_at = now() - interval '11 s' WHERE instance = '2'")
            let live = try await instances.live(within: .seconds(10))
            #expect(
                live == [InstanceDuty(service: "persona", instance: "1", limits: limits, load: 1.5, isReady: true)]
            )
            let all = try await instances.all()
            #expect(all.map(\.instance) == ["1", "2"] && all[0].limits == limits && all[0].load == 1.5)
            try await instances.remove(service: "persona", instance: "1", run: "first")
            #expect(try await instances.live(within: .seconds(10)).isEmpty)
        }
    }

    @Test("Whoever writes a row learns whose it was, and removes no other's")
    func runs() async throws {
        try await withStore { client in
            let instances = Instances(client)
            // The same process id: as in two containers.
            let first = InstanceRun(run: "a", host: "10.0.0.1", port: 9101, pid: 1)
            let second = InstanceRun(run: "b", host: "10.0.0.2", port: 9101, pid: 1)
            func tell(_ run: InstanceRun, as instance: String = "1") async throws -> InstanceRun? {
                try await instances.report(service: "gateway", instance: instance, run, report: "{}")
            }
            #expect(try await tell(first) == nil)
            #expect(try await tell(first) == first)
            #expect(try await tell(second, as: "2") == nil)
            #expect(try await tell(second) == first)
            try await instances.remove(service: "gateway", instance: "1", run: "a")
            #expect(try await tell(first) == second)
            try await instances.remove(service: "gateway", instance: "1", run: "a")
            #expect(try await instances.all().map(\.instance) == ["2"])
        }
    }
}
