import BusContract
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

    private func shard(_ bot: BotID, _ shard: Int = 0) -> Partition { Partition(bot: bot, shard: shard) }

    @Test("Each shard speaks for its own guilds")
    func shards() throws {
        let (rainbow, iris) = (try bot("rainbow"), try bot("iris"))
        let observers = Observers()
        observers.use(ShardPlan(count: 2))
        let (even, odd) = (GuildID(2 << 22), GuildID(3 << 22))
        observers.sessionBegan(shard(rainbow, 0), isCapable: true)
        observers.isIn(shard(rainbow, 0), [even])
        observers.isIn(shard(iris, 0), [even])
        // Shard 1 of the same bot lacks the intents, and says nothing about the guilds of shard 0.
        observers.isIn(shard(rainbow, 1), [odd])
        #expect(observers.observer(of: even) == rainbow)
        #expect(observers.observer(of: odd) == nil)
        let usable = [shard(rainbow, 0), shard(rainbow, 1), shard(iris, 0), shard(iris, 1)]
        for _ in 0...Observers.patience { _ = observers.reassign(usable: usable) }
        #expect(observers.observer(of: odd) == rainbow)
        #expect(observers.reassign(usable: usable) == [shard(rainbow, 1)])
        #expect(observers.needsObserverIntents(shard(rainbow, 1)))
        #expect(!observers.needsObserverIntents(shard(iris, 0)))
        // Only the guild of the shard that failed goes to another bot.
        observers.isIn(shard(iris, 1), [odd])
        observers.sessionBegan(shard(iris, 1), isCapable: true)
        #expect(observers.reassign(usable: [shard(rainbow, 0), shard(iris, 0), shard(iris, 1)]).isEmpty)
        #expect(observers.observer(of: even) == rainbow)
        #expect(observers.observer(of: odd) == iris)
    }

    @Test("The first bot that can observe a guild does, and keeps it")
    func first() throws {
        let observers = Observers()
        let (rainbow, iris) = (try bot("rainbow"), try bot("iris"))
        observers.sessionBegan(shard(iris), isCapable: false)
        observers.joined(iris, guild)
        #expect(observers.observer(of: guild) == nil)
        observers.sessionBegan(shard(rainbow), isCapable: true)
        observers.joined(rainbow, guild)
        #expect(observers.isObserver(rainbow, of: guild))
        #expect(observers.reassign(usable: [shard(rainbow), shard(iris)]).isEmpty)
        #expect(observers.observer(of: guild) == rainbow)
        #expect(!observers.isObserver(rainbow, of: nil))
    }

    @Test("A guild whose observer is gone or stopped goes to another, which then needs the intents")
    func reassigned() throws {
        let observers = Observers()
        let (rainbow, iris) = (try bot("rainbow"), try bot("iris"))
        observers.sessionBegan(shard(rainbow), isCapable: true)
        observers.isIn(shard(rainbow), [guild])
        observers.isIn(shard(iris), [guild])
        #expect(observers.reassign(usable: [shard(iris)]) == [shard(iris)])
        #expect(observers.observer(of: guild) == iris)
        #expect(observers.needsObserverIntents(shard(iris)))
        observers.sessionBegan(shard(iris), isCapable: true)
        // Rainbow's return changes nothing.
        #expect(observers.reassign(usable: [shard(rainbow), shard(iris)]).isEmpty)
        #expect(observers.observer(of: guild) == iris)
        observers.left(iris, guild)
        #expect(observers.reassign(usable: [shard(rainbow), shard(iris)]).isEmpty)
        #expect(observers.observer(of: guild) == rainbow)
        observers.left(rainbow, guild)
        #expect(observers.observer(of: guild) == nil)
        #expect(observers.bots(in: guild).isEmpty)
    }

    @Test("At a start a guild waits for the bot that can observe it, however early the others come")
    func waits() throws {
        let observers = Observers()
        let (rainbow, iris) = (try bot("rainbow"), try bot("iris"))
        observers.sessionBegan(shard(iris), isCapable: false)
        observers.isIn(shard(iris), [guild])
        // Rainbow is still connecting.
        #expect(observers.reassign(usable: [shard(rainbow), shard(iris)]).isEmpty)
        #expect(observers.observer(of: guild) == nil)
        observers.sessionBegan(shard(rainbow), isCapable: true)
        #expect(observers.reassign(usable: [shard(rainbow), shard(iris)]).isEmpty)
        observers.isIn(shard(rainbow), [guild])
        #expect(observers.observer(of: guild) == rainbow)
    }

    @Test("After a restart the observer stays, also when another bot is back before it")
    func restarted() throws {
        let (rainbow, iris) = (try bot("rainbow"), try bot("iris"))
        for knowsGuild in [true, false] {
            let observers = Observers()
            observers.load([guild: rainbow])
            observers.sessionBegan(shard(iris), isCapable: false)
            observers.restored(shard(iris), in: [guild])
            #expect(observers.reassign(usable: [shard(rainbow), shard(iris)]).isEmpty)
            #expect(observers.observer(of: guild) == rainbow)
            observers.sessionBegan(shard(rainbow), isCapable: true)
            // A kill -9 can come before its guilds are written down.
            observers.restored(shard(rainbow), in: knowsGuild ? [guild] : [])
            #expect(observers.reassign(usable: [shard(rainbow), shard(iris)]).isEmpty)
            #expect(observers.observer(of: guild) == rainbow)
            #expect(observers.bots(in: guild) == [iris, rainbow])
        }
    }

    @Test("A guild that is given to another bot is written down", .timeLimit(.minutes(1)))
    func written() async throws {
        let observers = Observers()
        let (rainbow, iris) = (try bot("rainbow"), try bot("iris"))
        observers.load([guild: rainbow])
        observers.restored(shard(iris), in: [guild])
        #expect(observers.isSaved)
        #expect(observers.reassign(usable: [shard(iris)]) == [shard(iris)])
        #expect(!observers.isSaved)
        var updates = observers.updates.makeAsyncIterator()
        await updates.next()
        #expect(observers.changed() == [guild: iris])
        // Another change while it was being written.
        observers.left(iris, guild)
        observers.saved([guild: iris])
        #expect(observers.changed() == [guild: nil])
        observers.saved([guild: nil])
        #expect(observers.isSaved)
    }

    @Test("A guild that no bot with the intents comes to goes to one without them, after a while")
    func patience() throws {
        let observers = Observers()
        let (rainbow, iris) = (try bot("rainbow"), try bot("iris"))
        observers.sessionBegan(shard(rainbow), isCapable: true)
        observers.isIn(shard(rainbow), [])
        observers.isIn(shard(iris), [guild])
        for _ in 0..<Observers.patience { #expect(observers.reassign(usable: [shard(rainbow), shard(iris)]).isEmpty) }
        #expect(observers.reassign(usable: [shard(rainbow), shard(iris)]) == [shard(iris)])
        #expect(observers.observer(of: guild) == iris)
    }

    @Test("READY tells of guilds that the bot was removed from while it was away")
    func removedMeanwhile() throws {
        let observers = Observers()
        let rainbow = try bot("rainbow")
        observers.sessionBegan(shard(rainbow), isCapable: true)
        observers.joined(rainbow, guild)
        observers.joined(rainbow, GuildID(8))
        observers.isIn(shard(rainbow), [GuildID(8)])
        #expect(observers.observer(of: guild) == nil)
        #expect(observers.guildCount(of: rainbow, on: [0]) == 1)
    }
}
