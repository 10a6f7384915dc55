package import DiscordModel

/// One message, as it now is.
package struct Message: Sendable, Equatable {
    package struct Attachment: Sendable, Equatable {
        package let id: AttachmentID
        package let filename: String
        package let size: Int
        package let contentType: String?
        package let description: String?
        package let isEphemeral: Bool
    }

    package struct Reaction: Sendable, Equatable {
        /// `name` or `name:id`, as in a URL.
        package let emoji: String
        package var users: [UserID]
    }

    package struct Reference: Sendable, Equatable {
        package let messageID: MessageID
        package let channelID: ChannelID
        package let guildID: GuildID?
    }

    /// The interaction that a message answers.
    package struct Origin: Sendable, Equatable {
        package let id: InteractionID
        package let kind: Interaction.Kind
        package let userID: UserID
        /// The command's full name; empty for components.
        package let name: String
        package let interactedMessageID: MessageID?
    }

    /// Discord's message flags that matter here.
    package enum Flag {
        package static let suppressEmbeds = 1 << 2
        package static let ephemeral = 1 << 6
        package static let loading = 1 << 7
        package static let suppressNotifications = 1 << 12
        package static let componentsV2 = 1 << 15
        /// What a bot may set when it creates a message.
        package static let settable = suppressEmbeds | suppressNotifications | componentsV2
    }

    /// Discord's message types that this Discord makes.
    package enum Kind: Int, Sendable {
        case normal = 0
        case pinned = 6
        case memberJoined = 7
        case reply = 19
        case chatInputCommand = 20
        case contextMenuCommand = 23
    }

    package let id: MessageID
    package let channelID: ChannelID
    package let guildID: GuildID?
    package let authorID: UserID
    package var kind: Kind = .normal
    package var content: String
    package let sentAt: EpochMilliseconds
    package var editedAt: EpochMilliseconds?
    /// Edits so far: not part of Discord's API, but of the transcript.
    package var editCount = 0
    package var isTTS = false
    package var mentionsEveryone = false
    package var mentions: [UserID] = []
    package var mentionedRoles: [RoleID] = []
    package var attachments: [Attachment] = []
    package var embeds: [JSONValue] = []
    package var components: [JSONValue] = []
    package var reactions: [Reaction] = []
    package var pinnedAt: EpochMilliseconds?
    package var flags = 0
    package var applicationID: ApplicationID?
    package var webhookID: UInt64?
    package var reference: Reference?
    package var origin: Origin?
    package var nonce: JSONValue?
    /// The one member who sees an ephemeral message.
    package var visibleOnlyTo: UserID?
}
