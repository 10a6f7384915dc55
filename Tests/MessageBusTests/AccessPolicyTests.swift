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

    @Test("The address of an instance is served by the service whose commands it takes, and asked by gateways alone")
    func instanceAddresses() {
        let address = RequestAddress.commands(of: .music).ofInstance("4").rawValue
        #expect(address == "commands.music/instance/4")
        #expect(policy.mayServe(address, role: .music))
        for role in [ServiceRole.gateway, .moderation, .persona] { #expect(!policy.mayServe(address, role: role)) }
        #expect(policy.mayAsk(address, user: "gateway"))
        for user in ["admin-api", "music", "scheduler", "nobody", ""] { #expect(!policy.mayAsk(address, user: user)) }
        for address in [
            "commands.music/instance/", "commands.nobody/instance/1", "/instance/1", "jobs.music/instance/1",
            "\(ControlBot.typeName)/instance/1",
        ] {
            for role in [ServiceRole.music, .gateway] { #expect(!policy.mayServe(address, role: role), "\(address)") }
        }
    }
}
