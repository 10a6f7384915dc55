import DiscordModel
import Foundation
import Testing

@testable import GatewayCore

@Suite("Requests for members")
struct MemberRequestsTests {
    private let guild = GuildID(1)
    private let start = ContinuousClock.now

    private func member(_ id: UInt64) -> Member {
        Member(user: User(id: UserID(id), username: "user\(id)"))
    }

    private func chunk(_ nonce: String?, _ index: Int, of count: Int, guild: UInt64 = 1) -> GuildMembersChunk {
        GuildMembersChunk(
            guildID: GuildID(guild),
            members: [member(UInt64(index + 1))],
            index: index,
            count: count,
            notFound: index == 0 ? [UserID(99)] : [],
            nonce: nonce
        )
    }

    @Test("Chunks in any order, and twice, make one answer; foreign ones make none")
    func chunks() throws {
        var requests = MemberRequests()
        #expect(requests.ask(guild, .prefix("a", limit: 5), nonce: "n", start) == .send(nonce: "n"))
        for foreign in [
            chunk(nil, 0, of: 1), chunk("other", 0, of: 1), chunk("n", 0, of: 1, guild: 2), chunk("n", 3, of: 3),
            chunk("n", -1, of: 3), chunk("n", 0, of: 0),
        ] {
            #expect(requests.received(foreign) == nil)
        }
        #expect(requests.received(chunk("n", 2, of: 3)) == nil)
        #expect(requests.received(chunk("n", 0, of: 3)) == nil)
        #expect(requests.received(chunk("n", 2, of: 3)) == nil)
        let answer = requests.received(chunk("n", 1, of: 3))
        let whole = try #require(answer)
        #expect(whole.nonce == "n")
        #expect(whole.found.members.compactMap(\.user?.id).sorted() == [UserID(1), UserID(2), UserID(3)])
        #expect(whole.found.missing == [UserID(99)])
        #expect(requests.received(chunk("n", 1, of: 3)) == nil)
    }

    @Test("All members of a guild are asked for once in thirty seconds; whoever asks meanwhile shares the answer")
    func everyone() {
        var requests = MemberRequests()
        #expect(requests.ask(guild, .everyone, nonce: "a", start) == .send(nonce: "a"))
        #expect(requests.ask(guild, .everyone, nonce: "b", start + .seconds(1)) == .join(nonce: "a"))
        #expect(requests.ask(GuildID(2), .everyone, nonce: "c", start) == .send(nonce: "c"))
        #expect(requests.received(chunk("a", 0, of: 1))?.nonce == "a")
        #expect(
            requests.ask(guild, .everyone, nonce: "d", start + .seconds(2)) == .wait(until: start + .seconds(30))
        )
        #expect(requests.ask(guild, .users([UserID(1)]), nonce: "e", start) == .send(nonce: "e"))
        #expect(requests.ask(guild, .everyone, nonce: "f", start + .seconds(30)) == .send(nonce: "f"))
    }

    @Test("RATE_LIMITED ends the request and says when the next may leave")
    func limited() {
        var requests = MemberRequests()
        _ = requests.ask(guild, .everyone, nonce: "a", start)
        #expect(requests.limited(guild, nonce: "a", retryAfter: .seconds(12), start) == "a")
        #expect(requests.limited(guild, nonce: "a", retryAfter: .seconds(12), start) == nil)
        #expect(requests.ask(guild, .everyone, nonce: "b", start) == .wait(until: start + .seconds(12)))
        #expect(requests.ask(guild, .everyone, nonce: "c", start + .seconds(12)) == .send(nonce: "c"))
        // Discord may leave the nonce out.
        #expect(requests.limited(guild, nonce: nil, retryAfter: .seconds(1), start) == "c")
    }

    @Test("What nobody answers and nobody waits for makes room again")
    func bound() {
        var requests = MemberRequests()
        for index in 0..<64 {
            let decision = requests.ask(guild, .users([UserID(UInt64(index))]), nonce: "\(index)", start)
            #expect(decision == .send(nonce: "\(index)"))
        }
        #expect(requests.ask(guild, .prefix("z", limit: 1), nonce: "more", start) == .refuse)
        requests.forget("7")
        #expect(requests.ask(guild, .prefix("z", limit: 1), nonce: "more", start) == .send(nonce: "more"))
    }

    @Test("A chunk as Discord sends it, with ids that are none among those not found")
    func decoding() throws {
        let json = """
            {"guild_id":"1","members":[{"user":{"id":"5","username":"bob"},"roles":["2"],"nick":"B"}],
             "chunk_index":0,"chunk_count":1,"not_found":[12,"x"],"nonce":"n","presences":[]}
            """
        let chunk = try JSONDecoder().decode(GuildMembersChunk.self, from: Data(json.utf8))
        #expect(chunk.members.first?.displayName == "B")
        #expect(chunk.nonce == "n" && chunk.index == 0 && chunk.count == 1)
    }

    @Test("What is sent: ids, or a beginning with its limit, or everyone")
    func payloads() {
        func text(_ wanted: MemberRequests.Wanted) -> [String: Any]? {
            let payload = GatewayPayloads.members(of: guild, wanted, nonce: "n")
            #expect(payload.utf8.count < 4096)
            let frame = try? JSONSerialization.jsonObject(with: Data(payload.utf8)) as? [String: Any]
            #expect(frame?["op"] as? Int == 8)
            return frame?["d"] as? [String: Any]
        }
        let users = text(.users((0..<100).map { UserID(UInt64.max - UInt64($0)) }))
        #expect((users?["user_ids"] as? [String])?.count == 100 && users?["query"] == nil)
        let prefix = text(.prefix("a\"b", limit: 7))
        #expect(prefix?["query"] as? String == "a\"b" && prefix?["limit"] as? Int == 7)
        let everyone = text(.everyone)
        #expect(everyone?["query"] as? String == "" && everyone?["limit"] as? Int == 0)
        #expect(everyone?["guild_id"] as? String == "1" && everyone?["nonce"] as? String == "n")
    }
}
