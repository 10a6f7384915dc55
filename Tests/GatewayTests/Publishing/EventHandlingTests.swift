import DiscordModel
import Testing

@testable import GatewayCore

@Suite("What becomes of an event")
struct EventHandlingTests {
    private let me = UserID(1)

    private func decide(
        _ event: DiscordEventName,
        guild: UInt64? = 5,
        user: UInt64? = 9,
        observes: Bool
    ) -> EventHandling {
        var route = EventRoute()
        route.guildID = guild.map { GuildID($0) }
        route.userID = user.map { UserID($0) }
        return EventHandling.decide(event, route, receiver: me, isObserver: observes)
    }

    @Test("The observer's guild events are published, and followed by the cache where they change facts")
    func observer() {
        #expect(decide(.messageCreate, observes: true) == .publish)
        #expect(decide(.guildRoleUpdate, observes: true) == [.publish, .cache])
        #expect(decide(.guildCreate, observes: true) == [.announce, .cache])
        #expect(decide(.guildDelete, observes: true) == [.publish, .cache])
        #expect(decide(.voiceServerUpdate, observes: true) == .publish)
        #expect(decide(DiscordEventName(rawValue: "SOMETHING_NEW"), observes: true) == .publish)
    }

    @Test("Of other bots' guilds only their own voice leaves the gateway")
    func others() {
        #expect(decide(.messageCreate, observes: false) == [])
        #expect(decide(.guildRoleUpdate, observes: false) == [])
        #expect(decide(.guildCreate, observes: false) == .cache)
        #expect(decide(.voiceStateUpdate, user: 9, observes: false) == [])
        #expect(decide(.voiceStateUpdate, user: 1, observes: false) == [.publish, .cache])
        #expect(decide(.voiceServerUpdate, observes: false) == .publish)
    }

    @Test("Direct messages and interactions are each bot's own")
    func own() {
        #expect(decide(.messageCreate, guild: nil, observes: false) == .publish)
        for observes in [true, false] {
            #expect(decide(.interactionCreate, observes: observes) == .interaction)
            #expect(decide(.ready, guild: nil, observes: observes) == .session)
        }
    }
}

@Suite("Observers")
struct ObserversTests {
    private let guild = GuildID(7)

    private func bot(_ name: String) throws -> BotID { try #require(BotID(rawValue: name)) }

    @Test("The first bot that can observe a guild does, and keeps it")
    func first() throws {
        let observers = Observers()
        let (rainbow, iris) = (try bot("rainbow"), try bot("iris"))
        observers.sessionBegan(iris, isCapable: false)
        observers.joined(iris, guild)
        #expect(observers.observer(of: guild) == nil)
        observers.sessionBegan(rainbow, isCapable: true)
        observers.joined(rainbow, guild)
        #expect(observers.isObserver(rainbow, of: guild))
        #expect(observers.reassign(usable: [rainbow, iris]).isEmpty)
        #expect(observers.observer(of: guild) == rainbow)
        #expect(!observers.isObserver(rainbow, of: nil))
    }

    @Test("A guild whose observer is gone or stopped goes to another, which then needs the intents")
    func reassigned() throws {
        let observers = Observers()
        let (rainbow, iris) = (try bot("rainbow"), try bot("iris"))
        observers.sessionBegan(rainbow, isCapable: true)
        observers.joined(rainbow, guild)
        observers.joined(iris, guild)
        #expect(observers.reassign(usable: [iris]) == [iris])
        #expect(observers.observer(of: guild) == iris)
        #expect(observers.needsObserverIntents(iris))
        observers.sessionBegan(iris, isCapable: true)
        // Rainbow's return changes nothing.
        #expect(observers.reassign(usable: [rainbow, iris]).isEmpty)
        #expect(observers.observer(of: guild) == iris)
        observers.left(iris, guild)
        #expect(observers.reassign(usable: [rainbow, iris]).isEmpty)
        #expect(observers.observer(of: guild) == rainbow)
        observers.left(rainbow, guild)
        #expect(observers.observer(of: guild) == nil)
        #expect(observers.bots(in: guild).isEmpty)
    }

    @Test("READY tells of guilds that the bot was removed from while it was away")
    func removedMeanwhile() throws {
        let observers = Observers()
        let rainbow = try bot("rainbow")
        observers.sessionBegan(rainbow, isCapable: true)
        observers.joined(rainbow, guild)
        observers.joined(rainbow, GuildID(8))
        observers.isIn(rainbow, [GuildID(8)])
        #expect(observers.observer(of: guild) == nil)
        #expect(observers.guildCount(of: rainbow) == 1)
    }
}
