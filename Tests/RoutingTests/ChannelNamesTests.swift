import BusContract
import DiscordModel
import Synchronization
import Testing

@testable import Routing

@Suite("Names of channels")
struct ChannelNamesTests {
    private struct Away: Error {}

    private func facts(_ id: ChannelID) -> ChannelFacts {
        switch id.rawValue {
        case 1: ChannelFacts(known: true, id: id, type: 0, name: "채팅방-1", parent: ChannelID(2))
        case 2: ChannelFacts(known: true, id: id, type: 4, name: "Rooms")
        case 3: ChannelFacts(known: true, id: id, type: 11, name: "a thread", parent: ChannelID(1))
        case 4: ChannelFacts(known: true, id: id, type: 0, name: "alone")
        default: ChannelFacts(known: false, id: id)
        }
    }

    @Test("A thread has the names of its channel, an unknown channel none; a flood asks once")
    func places() async throws {
        let asked = Tally()
        let names = ChannelNames { channel, _ in
            asked.add(channel)
            return facts(channel)
        }
        let rooms = ChannelNames.Place(channel: "채팅방-1", category: "Rooms")
        for _ in 0..<50 {
            #expect(try await names.place(of: ChannelID(1), within: .seconds(1)) == rooms)
            #expect(try await names.place(of: ChannelID(3), within: .seconds(1)) == rooms)
            #expect(try await names.place(of: ChannelID(4), within: .seconds(1)) == .init(channel: "alone"))
        }
        for channel in [1, 2, 3, 4] as [UInt64] { #expect(asked[ChannelID(channel)] == 1) }
    }

    @Test("A channel that the gateway learns of a moment later is waited for; one that it never does, once")
    func unknown() async throws {
        let asked = Tally()
        let names = ChannelNames { channel, _ in
            asked.add(channel)
            return channel == ChannelID(4) && asked[channel] < 3
                ? ChannelFacts(known: false, id: channel) : facts(channel)
        }
        let late = try await names.place(of: ChannelID(4), within: .seconds(1), settling: .seconds(20))
        #expect(late.channel == "alone" && asked[ChannelID(4)] == 3)
        for _ in 0..<20 {
            let never = try await names.place(of: ChannelID(9), within: .seconds(1), settling: .milliseconds(150))
            #expect(never == ChannelNames.Place())
        }
        #expect((2...4).contains(asked[ChannelID(9)]))
        // Who does not wait at all asks anew.
        #expect(try await names.place(of: ChannelID(8), within: .seconds(1)) == ChannelNames.Place())
        #expect(try await names.place(of: ChannelID(8), within: .seconds(1)) == ChannelNames.Place())
        #expect(asked[ChannelID(8)] == 2)
    }

    @Test("What the gateway does not answer is not remembered")
    func failure() async throws {
        let isAway = Mutex(true)
        let names = ChannelNames { channel, _ in
            if isAway.withLock({ $0 }) { throw Away() }
            return facts(channel)
        }
        await #expect(throws: Away.self) { try await names.place(of: ChannelID(4), within: .seconds(1)) }
        isAway.withLock { $0 = false }
        #expect(try await names.place(of: ChannelID(4), within: .seconds(1)).channel == "alone")
    }

    private final class Tally: Sendable {
        private let counts = Mutex<[ChannelID: Int]>([:])

        func add(_ channel: ChannelID) {
            counts.withLock { $0[channel, default: 0] += 1 }
        }

        subscript(channel: ChannelID) -> Int { counts.withLock { $0[channel] ?? 0 } }
    }
}
