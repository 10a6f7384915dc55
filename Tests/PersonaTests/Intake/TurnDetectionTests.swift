import DiscordModel
import Testing

@testable import PersonaCore

@Suite("Who is spoken to")
struct TurnDetectionTests {
    private let rainbow = BotID(rawValue: "rainbow")!
    private let iris = BotID(rawValue: "iris")!
    private var bots: [UserID: BotID] { [UserID(1): rainbow, UserID(2): iris] }

    private func message(_ change: (inout MessageEvent) -> Void) -> MessageEvent {
        var message = MessageEvent(
            id: MessageID(10),
            channelID: ChannelID(20),
            guildID: GuildID(30),
            author: .init(id: UserID(40), username: "alice"),
            content: "hi",
            timestamp: Timestamp(milliseconds: 0)
        )
        change(&message)
        return message
    }

    private func addressed(_ change: (inout MessageEvent) -> Void) -> [BotID] {
        TurnDetection.bots(addressedBy: message(change), receiver: rainbow, bots: bots)
    }

    @Test("A mention, of one bot or of two, each once")
    func mentions() {
        #expect(addressed { $0.mentions = [UserID(2)] } == [iris])
        #expect(addressed { $0.mentions = [UserID(2), UserID(1), UserID(2), UserID(99)] } == [iris, rainbow])
        #expect(addressed { _ in } == [])
        #expect(addressed { $0.mentions = [UserID(99)] } == [])
    }

    @Test("A reply to a bot's message, with and without ping; with ping it counts once")
    func replies() {
        let reply = MessageEvent.Reference(messageID: MessageID(5), authorID: UserID(2))
        #expect(
            addressed {
                $0.type = 19
                $0.reference = reply
            } == [iris]
        )
        #expect(
            addressed {
                $0.type = 19
                $0.reference = reply
                $0.mentions = [UserID(2)]
            } == [iris]
        )
        #expect(
            addressed {
                $0.type = 19
                $0.reference = reply
                $0.mentions = [UserID(1)]
            } == [iris, rainbow]
        )
        #expect(
            addressed {
                $0.type = 19
                $0.reference = .init(messageID: MessageID(5), authorID: UserID(99))
            } == []
        )
        #expect(addressed { $0.reference = reply } == [], "a forwarded message is no reply")
    }

    @Test("A direct message speaks to the bot that received it")
    func directMessage() {
        #expect(addressed { $0.guildID = nil } == [rainbow])
        #expect(
            addressed {
                $0.guildID = nil
                $0.mentions = [UserID(2)]
            } == [rainbow]
        )
    }

    @Test("Bots, webhooks and Discord itself are never answered")
    func loops() {
        for make: (inout MessageEvent) -> Void in [
            { $0.author.isBot = true }, { $0.author.id = UserID(1) }, { $0.webhookID = 5 }, { $0.type = 7 },
            { $0.type = 20 },
        ] {
            #expect(
                addressed {
                    $0.mentions = [UserID(2)]
                    make(&$0)
                } == []
            )
            #expect(
                addressed {
                    $0.guildID = nil
                    make(&$0)
                } == []
            )
        }
    }

    @Test("@everyone and roles speak to nobody")
    func everyone() {
        #expect(
            addressed {
                $0.mentionsEveryone = true
                $0.mentionedRoles = [RoleID(7)]
            } == []
        )
    }
}
