import BusContract
import DiscordModel
import Testing

@testable import GatewayCore

@Suite("Shards")
struct ShardPlanTests {
    @Test("What GATEWAY_SHARDS may be")
    func settings() {
        #expect(ShardingSetting("auto") == .automatic)
        #expect(ShardingSetting("4") == .fixed(4))
        #expect(ShardingSetting("0-3/8") == .range(0..<4, of: 8))
        #expect(ShardingSetting("5/8") == .range(5..<6, of: 8))
        for text in ["", "0", "-1", "4/4", "3-1/8", "0-8/8", "1-2-3/8", "0-3/", "/8", "a", "1/2/3", "99999", "+4", "٤"]
        {
            #expect(ShardingSetting(text) == nil, "\(text)")
        }
    }

    @Test("A guild belongs to the shard that Discord's formula names")
    func guilds() {
        let plan = ShardPlan(count: 4, own: 2..<4)
        #expect(plan.shard(of: GuildID(197_038_439_483_310_086)) == Int((197_038_439_483_310_086 >> 22) % 4))
        #expect((0..<8).map { plan.shard(of: GuildID($0 << 22)) } == [0, 1, 2, 3, 0, 1, 2, 3])
    }

    @Test("The automatic count stays for as long as Discord takes it, and is never smaller than before")
    func automatic() {
        func count(_ current: Int, _ recommended: [Int], isRefused: Bool = false) -> Int {
            ShardingSetting.automatic.plan(current: current, recommended: recommended, isRefused: isRefused).count
        }
        #expect(count(1, []) == 1)
        #expect(count(1, [1, 2, 1]) == 1)
        #expect(count(1, [1, 3]) == 3)
        #expect(count(4, [1, 8]) == 4)
        #expect(count(4, [9]) == 9)
        #expect(count(4, [2]) == 4)
        #expect(count(4, [5], isRefused: true) == 5)
        #expect(count(4, [4], isRefused: true) == 4)
        #expect(count(0, [.max]) == ShardingSetting.most)
        #expect(ShardingSetting.fixed(3).plan(current: 8, recommended: [9]) == ShardPlan(count: 3))
    }

    @Test("Whoever is told first that there are too few decides for all bots")
    func refused() {
        let sharding = Sharding(.automatic)
        sharding.begin(current: 1, recommended: [1])
        let before = sharding.plan
        #expect(before == .single)
        #expect(sharding.refused(before, recommended: 4))
        #expect(sharding.plan == ShardPlan(count: 4))
        #expect(sharding.refused(before, recommended: 5), "it is told of a plan that is new to it")
        #expect(sharding.plan == ShardPlan(count: 4))
        #expect(!sharding.refused(sharding.plan, recommended: 4), "there is nothing better: an operator has to look")
        let fixed = Sharding(.fixed(2))
        fixed.begin(current: 1, recommended: [])
        #expect(!fixed.refused(fixed.plan, recommended: 4))
    }

    @Test("A bot is online with its first shard, and says what is missing")
    func states() {
        var one = ShardStates()
        #expect(one.summary(of: 0..<1) == (.connecting, ""))
        one.note(0, .resuming, "why")
        #expect(one.summary(of: 0..<1) == (.resuming, "why"))
        var shards = ShardStates(own: 2..<4)
        shards.note(2, .connecting, "waiting for its lease")
        #expect(shards.summary(of: shards.own) == (.connecting, "0 of 2 shards are up; shard 2: waiting for its lease"))
        shards.note(2, .online, "")
        shards.note(0, .online, "of another process")
        #expect(shards.summary(of: shards.own) == (.online, "1 of 2 shards are up; shard 3: connecting"))
        #expect(shards.onlineCount(of: 0..<8) == 1)
        shards.note(3, .online, "")
        #expect(shards.summary(of: shards.own) == (.online, ""))
    }
}
