import DiscordModel

/// Names or ids in requests to the control API.
extension ControlServer {
    static func text(_ body: JSONValue, _ key: String) throws(DiscordError) -> String {
        if let text = body[key]?.stringValue { return text }
        if let number = body[key]?.integerValue { return String(number) }
        throw CommandLineParser.refuse("\(key) is missing")
    }

    static func channel(_ text: String, _ world: World) throws(DiscordError) -> DiscordChannel {
        if let channel = world.findChannel(text) { return channel }
        throw CommandLineParser.refuse("No channel \(text)")
    }

    static func channel(_ body: JSONValue, _ world: World) throws(DiscordError) -> DiscordChannel {
        try channel(try text(body, "channel"), world)
    }

    /// The channel that a member writes in: `dm:<bot>` is the direct one with that bot.
    static func channelToWriteIn(
        _ body: JSONValue,
        as author: UserID,
        _ world: inout World
    ) throws(DiscordError) -> DiscordChannel {
        let name = try text(body, "channel")
        guard name.hasPrefix("dm:") else { return try channel(name, world) }
        let other = String(name.dropFirst(3))
        guard let user = world.findUser(other) else { throw CommandLineParser.refuse("No member \(other)") }
        return try world.directChannel(author, with: user)
    }

    static func author(_ body: JSONValue, _ world: World) throws(DiscordError) -> UserID {
        let name = try text(body, "author")
        if let user = world.findUser(name) { return user }
        throw CommandLineParser.refuse("No member \(name)")
    }

    static func bot(_ body: JSONValue, _ world: World) throws(DiscordError) -> UserID? {
        guard let name = body["bot"]?.stringValue, !name.isEmpty else { return nil }
        guard let user = world.findUser(name), world.users[user]?.isBot == true else {
            throw CommandLineParser.refuse("No bot \(name)")
        }
        return user
    }

    static func message(
        _ body: JSONValue,
        _ world: World,
        _ key: String = "message"
    ) throws(DiscordError) -> Message {
        let name = try text(body, key)
        guard let id = MessageID(name), let message = world.findMessage(id) else {
            throw CommandLineParser.refuse("No message \(name)")
        }
        return message
    }
}
