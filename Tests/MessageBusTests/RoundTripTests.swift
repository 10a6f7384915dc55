import BusContract
import BusCore
import DiscordModel
import MessageBus
import TestSupport
import Testing

/// The whole way, over real sockets: connection, switchboard, connection.
@Suite struct RoundTripTests {
    private let partition = Partition(bot: BotID(rawValue: "iris")!, shard: 0)

    @Test func anEventArrivesAsItWasSent() async throws {
        try await withTestBus { bus in
            try await bus.withConnection(.gateway) { gateway in
                try await bus.withConnection(.moderation) { moderation in
                    let topic = Topic.discord(partition, "MESSAGE_CREATE")
                    try await moderation.withSubscription([TopicFilter(topic)]) { subscription in
                        #expect(await subscription.waitUntilOpen())
                        var header = Header()
                        header.type = "MESSAGE_CREATE"
                        header.seq = 7
                        header.guild = GuildID(12)
                        header.contentType = .discord
                        let payload = Array(#"{"id":"1"}"#.utf8)
                        gateway.publish(OutgoingEvent(topic: topic, header: header, payload: payload))
                        var iterator = subscription.makeAsyncIterator()
                        let event = try #require(await iterator.next()?.first)
                        #expect(Array(event.topic) == Array(topic.rawValue.utf8))
                        #expect(Array(event.payload) == payload)
                        #expect(event.discordName == "MESSAGE_CREATE")
                        let received = try event.header
                        #expect(received.seq == 7)
                        #expect(received.guild == GuildID(12))
                        #expect(received.source == "gateway/1")
                        #expect(received.sentAt > 0)
                    }
                }
            }
        }
    }

    @Test func eventsOfABundleArriveAsTheyWereAddedWhateverTheirSize() async throws {
        // Neighbours of one topic travel together, up to 16 KB; one that is larger goes by itself.
        let sizes = [0, 10, 5000, 5000, 5000, 5000, 40_000, 0, 1] + [Int](repeating: 300, count: 200)
        try await withTestBus { bus in
            try await bus.withConnection(.gateway) { gateway in
                try await bus.withConnection(.moderation) { moderation in
                    try await moderation.withSubscription([TopicFilter("discord.iris.0")]) { subscription in
                        #expect(await subscription.waitUntilOpen())
                        var bundle = EventBundle()
                        for (index, size) in sizes.enumerated() {
                            var header = Header()
                            header.seq = UInt64(index)
                            let topic = "discord.iris.0.\(index / 50).".utf8
                            [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: size).withUnsafeBytes {
                                bundle.append(topic: Array(topic), header: header.encoded, payload: $0)
                            }
                        }
                        #expect(gateway.publish(&bundle))
                        #expect(bundle.isEmpty)
                        var iterator = subscription.makeAsyncIterator()
                        var seen = 0
                        while seen < sizes.count {
                            for event in try #require(await iterator.next()) {
                                #expect(try event.header.seq == UInt64(seen))
                                #expect(event.discordName == "\(seen / 50)")
                                #expect(
                                    event.payload.elementsEqual(
                                        repeatElement(UInt8(truncatingIfNeeded: seen), count: sizes[seen])
                                    )
                                )
                                seen += 1
                            }
                        }
                    }
                }
            }
        }
    }

    @Test func aRequestIsAnswered() async throws {
        try await withTestBus { bus in
            try await bus.withConnection(.gateway) { gateway in
                try await bus.withConnection(.moderation) { moderation in
                    try await withBackground {
                        try await gateway.serve(QueryGuild.self) { request, context in
                            #expect(context.caller == .moderation)
                            throw RequestFailure(code: "unknown-guild", message: "guild \(request.guild) is not known")
                        }
                    } body: {
                        let error = await #expect(throws: BusError.self) {
                            _ = try await moderation.request(QueryGuild(guild: GuildID(5)), timeout: .seconds(10))
                        }
                        #expect(error?.code == .failed(code: "unknown-guild"))
                        #expect(error?.message == "guild 5 is not known")
                    }
                }
            }
        }
    }
}
