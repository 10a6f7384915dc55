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
