import BusContract
import BusCore
import Testing

@Suite("Who may ask and serve")
struct AccessPolicyTests {
    private let policy = AccessPolicy.contract

    @Test("The address of a shard is served by gateways, and asked by gateways alone")
    func shardAddresses() {
        let control = ControlBot.address(ofShard: 3).rawValue
        #expect(policy.mayServe(control, role: .gateway))
        #expect(!policy.mayServe(control, role: .moderation))
        #expect(policy.mayAsk(control, user: "gateway"))
        for user in ["admin-api", "moderation", "nobody", ""] { #expect(!policy.mayAsk(control, user: user)) }
        #expect(policy.mayAsk(ControlBot.address.rawValue, user: "admin-api"))
        #expect(!policy.mayAsk(QueryGuild.address(ofShard: 0).rawValue, user: "music"))
        #expect(policy.mayAsk(QueryGuild.address.rawValue, user: "music"))
        for address in [
            "\(ControlBot.typeName)/shard/", "\(ControlBot.typeName)/shard/x", "nothing/shard/1", "/shard/1",
        ] {
            #expect(!policy.mayServe(address, role: .gateway), "\(address)")
        }
        #expect(!policy.mayServe(LoadTracks.address(ofShard: 0).rawValue, role: .gateway))
    }
}
