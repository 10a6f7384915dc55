/// The kind under which an event of Discord's is published, journalled and counted (`prev`): the last part of its topic.
///
/// Mostly that is Discord's name for the event. Where few consumers want few of many, these have a kind of their own
/// beneath it: a subscriber to `discord.iris.0.MESSAGE_CREATE.` gets all messages, in order; one to
/// `discord.iris.0.MESSAGE_CREATE.addressed.` those that may speak to a bot, and is not woken by the others.
package struct EventKind: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package static let message = Self(rawValue: "MESSAGE_CREATE")

    /// A person's message that mentions a user, answers a message, or is a direct one.
    package static let addressedMessage = Self(rawValue: "MESSAGE_CREATE.addressed")

    package static let messageUpdate = Self(rawValue: "MESSAGE_UPDATE")

    /// Every new message.
    package static let allMessages: [Self] = [.message, .addressedMessage]

    /// What an addressed message has.
    private static let addressing: EventFlags = [.directMessage, .mentionsUser, .mentionsReceiver, .reply]

    /// Whether a message with these flags may speak to a bot.
    package static func isAddressed(_ flags: EventFlags) -> Bool {
        !flags.contains(.fromBot) && !flags.isDisjoint(with: addressing)
    }
}
