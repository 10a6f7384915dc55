package import DiscordModel

/// One use of a command, component or modal, from creation to the end of its token.
package struct Interaction: Sendable, Equatable {
    package enum Kind: Int, Sendable {
        case command = 2
        case component = 3
        case autocomplete = 4
        case modal = 5
    }

    /// How far the application has got.
    package enum State: Sendable, Equatable {
        /// No callback yet.
        case waiting
        /// Callback 5: "thinking", shown as a loading message.
        case deferredMessage(ephemeral: Bool)
        /// Callback 6: nothing is shown.
        case deferredUpdate
        /// A message, an update, choices or a modal were given.
        case answered
    }

    /// The first callback is due after that time (Discord: 3 seconds).
    package static let callbackDeadline: EpochMilliseconds = 3000
    /// The token works that long (Discord: 15 minutes).
    package static let tokenLifetime: EpochMilliseconds = 900_000

    package let id: InteractionID
    package let token: String
    package let applicationID: ApplicationID
    package let kind: Kind
    package let createdAt: EpochMilliseconds
    package let channelID: ChannelID
    package let guildID: GuildID?
    package let userID: UserID
    /// The command's full name with subcommands, or the custom id.
    package let name: String
    /// `data` of INTERACTION_CREATE.
    package let data: JSONValue
    /// The message whose component was used.
    package var messageID: MessageID?
    package var state = State.waiting
    /// What `@original` means.
    package var originalID: MessageID?
    package var choices: [JSONValue]?
    package var modal: JSONValue?

    /// Whether the first callback can still be given at that time.
    package func acceptsCallback(at now: EpochMilliseconds) -> Bool {
        now <= createdAt + Self.callbackDeadline
    }

    package func isTokenValid(at now: EpochMilliseconds) -> Bool {
        now <= createdAt + Self.tokenLifetime && (state != .waiting || acceptsCallback(at: now))
    }
}
