/// A message as the hot consumers need it: `MESSAGE_CREATE` and `MESSAGE_UPDATE` read straight from Discord's bytes.
///
/// Reading it takes a fraction of what a general decoder takes, since nothing but these fields is built. Unknown fields
/// and fields of an unexpected type are passed over; only ids that the message cannot be without are required.
/// Source: Discord API reference, "Message Object".
package struct MessageEvent: Hashable, Sendable {
    package var id: MessageID
    package var channelID: ChannelID
    /// Nil in a direct message.
    package var guildID: GuildID?
    package var author: Author
    /// Set when a webhook wrote it; the author is then the webhook's mask, not a user.
    package var webhookID: UInt64?
    /// What the author is in the guild; nil in direct messages and for webhooks.
    package var member: Member?
    /// Up to 4,000 characters; empty without the privileged intent unless it mentions us or is a direct message.
    package var content: String
    /// When it was sent.
    package var timestamp: Timestamp
    /// When it was last edited.
    package var editedTimestamp: Timestamp?
    package var mentions: [UserID]
    package var mentionedRoles: [RoleID]
    package var mentionsEveryone: Bool
    package var attachments: [Attachment]
    /// What it replies to; nil if it is no reply.
    package var reference: Reference?
    /// The kind of message: 0 is a plain one, 19 a reply, most others are written by Discord itself.
    package var type: UInt64

    /// Who wrote a message.
    package struct Author: Hashable, Sendable {
        package var id: UserID
        package var username: String
        /// The name shown instead of the user name, if set.
        package var globalName: String?
        package var isBot: Bool

        package init(id: UserID, username: String, globalName: String? = nil, isBot: Bool = false) {
            self.id = id
            self.username = username
            self.globalName = globalName
            self.isBot = isBot
        }
    }

    /// What the author is in the guild.
    package struct Member: Hashable, Sendable {
        package var nick: String?
        package var roles: [RoleID]
        package var joinedAt: Timestamp?

        package init(nick: String? = nil, roles: [RoleID] = [], joinedAt: Timestamp? = nil) {
            self.nick = nick
            self.roles = roles
            self.joinedAt = joinedAt
        }
    }

    /// A file on the message. Its URL is signed and expires within a day.
    package struct Attachment: Hashable, Sendable {
        package var id: AttachmentID
        package var filename: String
        package var contentType: String?
        /// In bytes.
        package var size: UInt64
        package var url: String

        package init(id: AttachmentID, filename: String, contentType: String?, size: UInt64, url: String) {
            self.id = id
            self.filename = filename
            self.contentType = contentType
            self.size = size
            self.url = url
        }
    }

    /// The message that this one replies to.
    package struct Reference: Hashable, Sendable {
        package var messageID: MessageID?
        /// Nil if Discord did not send the referenced message, or it was deleted.
        package var authorID: UserID?
        package var content: String?

        package init(messageID: MessageID?, authorID: UserID? = nil, content: String? = nil) {
            self.messageID = messageID
            self.authorID = authorID
            self.content = content
        }
    }

    /// A message made by hand, for tests and for those who build one from elsewhere.
    package init(
        id: MessageID,
        channelID: ChannelID,
        guildID: GuildID?,
        author: Author,
        content: String,
        timestamp: Timestamp
    ) {
        self.id = id
        self.channelID = channelID
        self.guildID = guildID
        self.author = author
        self.content = content
        self.timestamp = timestamp
        mentions = []
        mentionedRoles = []
        mentionsEveryone = false
        attachments = []
        type = 0
    }

    /// The name that people see: nickname, else global name, else user name.
    package var displayName: String {
        member?.nick ?? author.globalName ?? author.username
    }

    /// Whether a person or bot wrote it, rather than Discord (joins, pins, boosts): types 0, 19, 20 and 23.
    package var isWritten: Bool {
        type == 0 || type == 19 || type == 20 || type == 23
    }
}
