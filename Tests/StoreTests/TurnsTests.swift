import DiscordModel
import FoundationEssentials
import Postgres
import Testing

@testable import Store

@Suite struct TurnsTests {
    private func turn(
        _ message: UInt64,
        _ name: String,
        channel: UInt64 = 1,
        named names: (String, String) = ("", ""),
        guild: GuildID? = GuildID(1),
        lasting life: Double = 600
    ) throws -> NewTurn {
        NewTurn(
            message: MessageID(message),
            bot: try bot(name),
            guild: guild,
            channel: ChannelID(channel),
            author: UserID(3),
            request: try .json(["text": "hello"]),
            channelName: names.0,
            categoryName: names.1,
            expiresAt: .now.addingTimeInterval(life)
        )
    }

    @Test func twoBotsOweTwoAnswersAndOneBotOne() async throws {
        try await withStore { client in
            let turns = Turns(client)
            #expect(try await turns.add(try turn(1, "iris")))
            #expect(try await turns.add(try turn(1, "iris")) == false)
            #expect(try await turns.add(try turn(1, "selene")))
            let first = try #require(try await turns.claim(worker: "a", lifetime: .seconds(60)))
            let second = try #require(try await turns.claim(worker: "a", lifetime: .seconds(60)))
            #expect(Set([first.bot.rawValue, second.bot.rawValue]) == ["iris", "selene"])
            #expect(try await turns.claim(worker: "a", lifetime: .seconds(60)) == nil)
        }
    }

    @Test func aConversationIsAnsweredInOrder() async throws {
        try await withStore { client in
            let turns = Turns(client)
            _ = try await turns.add(try turn(1, "iris"))
            _ = try await turns.add(try turn(2, "iris"))
            _ = try await turns.add(try turn(3, "iris", channel: 2))
            let first = try #require(try await turns.claim(worker: "a", lifetime: .seconds(60)))
            #expect(first.message == MessageID(1))
            let other = try #require(try await turns.claim(worker: "b", lifetime: .seconds(60)))
            #expect(other.message == MessageID(3))
            #expect(try await turns.claim(worker: "b", lifetime: .seconds(60)) == nil)
            try await turns.finish(first, as: .answered, record: try .json(["tokens": 12]))
            let next = try #require(try await turns.claim(worker: "b", lifetime: .seconds(60)))
            #expect(next.message == MessageID(2))
            let finished = try #require(try await turns.find(message: MessageID(1), bot: try bot("iris")))
            #expect(finished.state == .answered && finished.finishedAt != nil)
            #expect(finished.record.contains("12"))
        }
    }

    @Test func aWorkerThatWasTooSlowIsFencedAndItsAnswerContinued() async throws {
        try await withStore { client in
            let turns = Turns(client)
            _ = try await turns.add(try turn(1, "iris"))
            let slow = try #require(try await turns.claim(worker: "slow", lifetime: .milliseconds(-1)))
            try await turns.addAnswer(MessageID(77), to: slow)
            try await turns.setReservation("r1", of: slow)
            let quick = try #require(try await turns.claim(worker: "quick", lifetime: .seconds(60)))
            #expect(quick.attempt == 2 && quick.answers == [MessageID(77)] && quick.reservation == "r1")
            let error = await #expect(throws: StoreError.self) { try await turns.finish(slow, as: .answered) }
            #expect(error?.code == .fenceLost)
            await #expect(throws: StoreError.self) { try await turns.renew(slow, lifetime: .seconds(60)) }
            try await turns.renew(quick, lifetime: .seconds(60))
            try await turns.record(try .json(["model": "x"]), of: quick)
            try await turns.finish(quick, as: .failed)
            await #expect(throws: StoreError.self) { try await turns.finish(quick, as: .answered) }
        }
    }

    @Test func manyWorkersClaimEachTurnOnce() async throws {
        try await withStore(maximumConnections: 8) { client in
            let turns = Turns(client)
            for number in 0..<120 {
                _ = try await turns.add(try turn(UInt64(number), "iris", channel: UInt64(number % 12)))
            }
            let claimed = try await withThrowingTaskGroup(of: [MessageID].self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        var mine: [MessageID] = []
                        var misses = 0
                        while misses < 50 {
                            guard let turn = try await turns.claim(worker: "w\(worker)", lifetime: .seconds(60)) else {
                                misses += 1
                                continue
                            }
                            mine.append(turn.message)
                            try await turns.finish(turn, as: .answered)
                        }
                        return mine
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 120)
            #expect(Set(claimed).count == 120)
        }
    }

    @Test func onlyTurnsOfTheGivenPlacesAreClaimed() async throws {
        try await withStore { client in
            let turns = Turns(client)
            _ = try await turns.add(try turn(1, "iris", channel: 1, named: ("채팅방-1", "rooms")))
            _ = try await turns.add(try turn(2, "iris", channel: 2, named: ("이미지생성-1", "")))
            _ = try await turns.add(try turn(3, "iris", channel: 3, guild: nil))
            _ = try await turns.add(try turn(4, "iris", channel: 4, named: ("채팅방-1", "rooms"), guild: GuildID(2)))
            let chat = TurnPlace(guild: GuildID(1), channelName: "채팅방-1", categoryName: "rooms")
            let image = TurnPlace(guild: GuildID(1), channelName: "이미지생성-1")
            let direct = TurnPlace(guild: nil)
            let other = TurnPlace(guild: GuildID(2), channelName: "채팅방-1", categoryName: "rooms")
            #expect(Set(try await turns.claimablePlaces()) == [chat, image, direct, other])
            func claim(_ places: [TurnPlace: String]) async throws -> Turn? {
                try await turns.claim(worker: "a", lifetime: .seconds(60), among: places)
            }
            #expect(try await claim([:]) == nil)
            #expect(try await claim([TurnPlace(guild: GuildID(1), channelName: "채팅방-1"): "chat"]) == nil)
            let first = try #require(try await claim([image: "image", direct: "admin"]))
            #expect(first.message == MessageID(2) && first.route == "image")
            let second = try #require(try await claim([image: "image", direct: "admin"]))
            #expect(second.message == MessageID(3) && second.route == "admin")
            #expect(try await claim([image: "image", direct: "admin"]) == nil)
            #expect(Set(try await turns.claimablePlaces()) == [chat, other])
            let third = try #require(try await claim([other: "", chat: "chat"]))
            #expect(third.message == MessageID(1) && third.route == "chat")
            // Without places, as where nothing is routed, whatever is left.
            #expect(try await turns.claim(worker: "b", lifetime: .seconds(60))?.message == MessageID(4))
        }
    }

    @Test func anExpiredTurnIsAnybodysUnlessItsAnswerHasBegun() async throws {
        try await withStore { client in
            let turns = Turns(client)
            _ = try await turns.add(try turn(1, "iris", channel: 1, named: ("채팅방-1", ""), lasting: -1))
            _ = try await turns.add(try turn(2, "iris", channel: 2, named: ("채팅방-1", ""), lasting: -1))
            let chat = TurnPlace(guild: GuildID(1), channelName: "채팅방-1")
            let begun = try #require(
                try await turns.claim(worker: "owner", lifetime: .milliseconds(-1), among: [chat: "chat"])
            )
            try await turns.addAnswer(MessageID(77), to: begun)
            let told = try #require(try await turns.claim(worker: "other", lifetime: .seconds(60), among: [:]))
            #expect(told.message == MessageID(2) && told.route.isEmpty)
            #expect(try await turns.claim(worker: "other", lifetime: .seconds(60), among: [:]) == nil)
            let again = try await turns.claim(worker: "owner", lifetime: .seconds(60), among: [chat: "chat"])
            #expect(again?.message == MessageID(1))
        }
    }

    @Test func ownerAndFallbackThatBothTryClaimEachTurnOnce() async throws {
        try await withStore(maximumConnections: 8) { client in
            let turns = Turns(client)
            for number in 1...60 as ClosedRange<UInt64> {
                _ = try await turns.add(try turn(number, "iris", channel: number, named: ("채팅방-1", "")))
            }
            let place = [TurnPlace(guild: GuildID(1), channelName: "채팅방-1"): "chat"]
            let claimed = try await withThrowingTaskGroup(of: [MessageID].self) { group in
                for worker in 0..<6 {
                    group.addTask {
                        var mine: [MessageID] = []
                        while let turn = try await turns.claim(
                            worker: "w\(worker)",
                            lifetime: .seconds(60),
                            among: place
                        ) {
                            mine.append(turn.message)
                        }
                        return mine
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 60)
            #expect(Set(claimed).count == 60)
        }
    }
}
