import Postgres
import TestSupport
import Testing

@testable import DurableEvents

@Suite("leases")
struct LeasesTests {
    @Test("one of many takes a free lease, and the epoch tells owners apart")
    func contention() async throws {
        let client = try await PostgresCluster.shared.makeMigratedDatabase().makeClient(user: "ensemble_gateway")
        let leases = Leases(client)
        let taken = try await withThrowingTaskGroup(of: Lease?.self) { group in
            for holder in 0..<20 {
                group.addTask {
                    try await leases.acquire("shard/iris/0", holder: "gateway/\(holder)", life: .seconds(60))
                }
            }
            return try await group.reduce(into: [Lease]()) { if let lease = $1 { $0.append(lease) } }
        }
        #expect(taken.count == 1)
        let owner = try #require(taken.first)
        #expect(try await leases.renew(owner, life: .seconds(60)))
        // The owner itself, restarted, does not wait for its own lease; its former self is fenced.
        let restarted = try #require(try await leases.acquire("shard/iris/0", holder: owner.holder, life: .seconds(60)))
        #expect(restarted.epoch == owner.epoch + 1)
        #expect(try await leases.renew(owner, life: .seconds(60)) == false)
        try await leases.release(owner)
        #expect(try await leases.acquire("shard/iris/0", holder: "another", life: .seconds(60)) == nil)
        try await leases.release(restarted)
        let next = try #require(try await leases.acquire("shard/iris/0", holder: "another", life: .milliseconds(1)))
        #expect(next.epoch == restarted.epoch + 1)
        // One that has run out is anybody's.
        try await eventually("it can be taken") {
            try await leases.acquire("shard/iris/0", holder: "third", life: .seconds(60)) != nil
        }
        #expect(try await leases.renew(next, life: .seconds(60)) == false)
        await client.close()
    }
}
