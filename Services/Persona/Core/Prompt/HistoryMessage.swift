package import DiscordModel

/// A message of a channel as the prompt needs it, read leniently from Discord's answer to "get channel messages".
///
/// Source: Discord API reference, "Message Object".
package struct HistoryMessage: Decodable, Sendable, Hashable {
    package var id: MessageID
    package var author: User
    package var content: String
    package var type: Int
    /// Who is mentioned, so that `<@1>` can be shown to the model as a name.
    package var mentions: [User]
    /// The names of the attached files.
    package var attachments: [String]
    /// The message that this one answers.
    package var replyTo: MessageID?

    package init(
        id: MessageID,
        author: User,
        content: String,
        type: Int = 0,
        mentions: [User] = [],
        attachments: [String] = [],
        replyTo: MessageID? = nil
    ) {
        self.id = id
        self.author = author
        self.content = content
        self.type = type
        self.mentions = mentions
        self.attachments = attachments
        self.replyTo = replyTo
    }

    private enum CodingKeys: String, CodingKey {
        case id, author, content, type, mentions, attachments
        case reference = "message_reference"
    }

    private struct Attachment: Decodable { let filename: String? }
    private struct Reference: Decodable {
        let message_id: MessageID?
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(MessageID.self, forKey: .id)
        author = try container.decode(User.self, forKey: .author)
        content = (try? container.decode(String.self, forKey: .content)) ?? ""
        type = (try? container.decode(Int.self, forKey: .type)) ?? 0
        mentions = (try? container.decode([User].self, forKey: .mentions)) ?? []
        attachments = ((try? container.decode([Attachment].self, forKey: .attachments)) ?? []).compactMap(\.filename)
        replyTo = (try? container.decode(Reference.self, forKey: .reference))?.message_id
    }

    /// Whether somebody wrote it, rather than Discord itself (joins, pins, boosts).
    package var isWritten: Bool { type == 0 || type == 19 }

    /// The name that people see, as far as this answer has it.
    package var authorName: String { author.globalName ?? author.username }
}
