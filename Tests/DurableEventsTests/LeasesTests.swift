import Logging
import Postgres
import Synchronization
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

    @Test("who is told to stop gives its lease back: the next one need not wait until it expires")
    func orderlyStop() async throws {
        let client = try await PostgresCluster.shared.makeMigratedDatabase().makeClient(user: "ensemble_gateway")
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        // Longer than the test may last.
        let keeper = LeaseKeeper(database: client, holder: "gateway/1", life: .seconds(600), logger: quiet)
        let isHeld = Mutex(false)
        let holder = Task {
            try await keeper.withLease("shard/iris/0") { _ in
                isHeld.withLock { $0 = true }
                try await Task.sleep(for: .seconds(600))
            }
        }
        try await eventually("the lease is taken") { isHeld.withLock { $0 } }
        holder.cancel()
        _ = await holder.result
        #expect(try await Leases(client).acquire("shard/iris/0", holder: "gateway/2", life: .seconds(60)) != nil)
        await client.close()
    }

    @Test("the database away: one holder ends before its lease does, the other holds on and yields when it has lost")
    func absence() async throws {
        let cluster = try await PostgresCluster.start()
        let client = try await cluster.makeMigratedDatabase().makeClient(user: "ensemble_gateway") {
            $0.acquireTimeout = .milliseconds(100)
        }
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let keeper = LeaseKeeper(database: client, holder: "gateway/1", life: .milliseconds(800), logger: quiet)
        let held = Mutex<Lease?>(nil)
        try await withBackground {
            await #expect(throws: LeaseLost.self) {
                try await keeper.withLease("shard/iris/0", whileAway: .holds) { lease in
                    held.withLock { $0 = lease }
                    try await Task.sleep(for: .seconds(60))
                }
            }
            held.withLock { $0 = nil }
        } body: {
            try await eventually("the lease is taken") { held.withLock { $0 != nil } }
            let first = try #require(held.withLock { $0 })
            let strict = Mutex(false)
            try await withBackground {
                await #expect(throws: LeaseLost.self) {
                    try await keeper.withLease("lavalink-bridge") { _ in
                        strict.withLock { $0 = true }
                        try await Task.sleep(for: .seconds(60))
                    }
                }
                strict.withLock { $0 = false }
            } body: {
                try await eventually("the other lease is taken") { strict.withLock { $0 } }
                await cluster.kill()
                // It is given up before its life-time is over, so that nobody who can reach the database has it as well.
                try await eventually("the strict holder ends") { !strict.withLock { $0 } }
            }
            #expect(held.withLock { $0 } == first)
            try await cluster.restart()
            // By its epoch, although it expired long ago and was free for anybody.
            try await eventually("the lease is renewed") {
                let rows = try? await client.query(
                    """
                    SELECT epoch FROM leases
                    WHERE resource = 'shard/iris/0' AND expires_at > clock_timestamp() + interval '400 milliseconds'
                    """
                )
                return try rows?.first?.decode(Int64.self, "epoch") == first.epoch
            }
            #expect(held.withLock { $0 } == first)
            try await client.query("UPDATE leases SET holder = 'gateway/2', epoch = epoch + 1")
            try await eventually("the loser yields") { held.withLock { $0 == nil } }
        }
        await client.close()
        await cluster.stop()
    }
}
