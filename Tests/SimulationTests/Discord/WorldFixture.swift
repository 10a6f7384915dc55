import DiscordModel
import Simulation

/// A world at a fixed time, with two bots, and short ways to ask it things.
struct WorldFixture {
    static let start: EpochMilliseconds = 1_800_000_000_000

    var world = World(now: start)
    let rainbow: UserID
    let iris: UserID

    init() throws {
        rainbow = try Self.bot("rainbow", &world)
        iris = try Self.bot("iris", &world)
        _ = world.drain()
    }

    private struct NoSuchBot: Error {}

    private static func bot(_ name: String, _ world: inout World) throws -> UserID {
        guard let application = world.application(token: "playground.\(name)") else { throw NoSuchBot() }
        return application.userID
    }

    func user(_ name: String) -> UserID { world.findUser(name) ?? UserID(0) }
    func channel(_ name: String) -> ChannelID { world.findChannel(name)?.id ?? ChannelID(0) }
    func role(_ name: String) -> RoleID { world.findRole(name, in: world.home)?.id ?? RoleID(0) }

    @discardableResult
    mutating func say(_ text: String, in channel: String = "general", by author: UserID) throws(DiscordError) -> Message
    {
        try world.createMessage(MessageDraft(content: text), in: self.channel(channel), by: author)
    }

    /// The code of the error that an operation ends with; nil when it succeeds.
    mutating func code(_ body: (inout World) throws(DiscordError) -> Void) -> Int? {
        do throws(DiscordError) {
            try body(&world)
            return nil
        } catch {
            return error.code
        }
    }
}
