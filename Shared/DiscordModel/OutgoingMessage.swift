/// A message as we send it to Discord, by any of its ways: create, edit, interaction callback, follow-up.
///
/// Mentions ping nobody unless `allowedMentions` says so: text from members and models must never reach @everyone.
/// Limits: content 2000 characters, 10 embeds of 6000 characters together, 5 rows of components.
/// Source: Discord API reference, "Create Message".
package struct OutgoingMessage: Encodable, Hashable, Sendable {
    package var content: String?
    package var embeds: [Embed]?
    package var components: [ActionRow]?
    package var allowedMentions: AllowedMentions
    package var replyTo: MessageReference?
    /// At most 25 characters; with it Discord refuses a second create of the same nonce for some minutes.
    package var nonce: String?
    package var flags: Int?

    package init(
        content: String? = nil,
        embeds: [Embed]? = nil,
        components: [ActionRow]? = nil,
        allowedMentions: AllowedMentions = .none,
        replyTo: MessageReference? = nil,
        nonce: String? = nil,
        flags: Int? = nil
    ) {
        self.content = content
        self.embeds = embeds
        self.components = components
        self.allowedMentions = allowedMentions
        self.replyTo = replyTo
        self.nonce = nonce
        self.flags = flags
    }

    /// Only the member who used the interaction sees it.
    package static let ephemeralFlag = 1 << 6

    private enum CodingKeys: String, CodingKey {
        case content, embeds, components, nonce, flags
        case allowedMentions = "allowed_mentions"
        case replyTo = "message_reference"
        case enforceNonce = "enforce_nonce"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(content, forKey: .content)
        try container.encodeIfPresent(embeds, forKey: .embeds)
        try container.encodeIfPresent(components, forKey: .components)
        try container.encode(allowedMentions, forKey: .allowedMentions)
        try container.encodeIfPresent(replyTo, forKey: .replyTo)
        try container.encodeIfPresent(flags, forKey: .flags)
        if let nonce {
            try container.encode(nonce, forKey: .nonce)
            try container.encode(true, forKey: .enforceNonce)
        }
    }
}

/// Whom a message pings.
package struct AllowedMentions: Encodable, Hashable, Sendable {
    /// `users`, `roles`, `everyone`: every mention of that kind pings. Never together with ids of the same kind.
    package var parse: [String]
    package var users: [UserID]
    package var repliedUser: Bool

    package init(parse: [String] = [], users: [UserID] = [], repliedUser: Bool = false) {
        self.parse = parse
        self.users = users
        self.repliedUser = repliedUser
    }

    package static let none = AllowedMentions()

    /// Pings these users and nobody else.
    package static func only(_ users: UserID...) -> AllowedMentions {
        AllowedMentions(users: users)
    }

    private enum CodingKeys: String, CodingKey {
        case parse, users
        case repliedUser = "replied_user"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(parse, forKey: .parse)
        if !users.isEmpty { try container.encode(users, forKey: .users) }
        try container.encode(repliedUser, forKey: .repliedUser)
    }
}

/// The message that a message answers.
package struct MessageReference: Encodable, Hashable, Sendable {
    package var message: MessageID
    /// False: send the message without reference when the other is gone, instead of failing.
    package var failIfNotExists: Bool

    package init(message: MessageID, failIfNotExists: Bool = false) {
        self.message = message
        self.failIfNotExists = failIfNotExists
    }

    private enum CodingKeys: String, CodingKey {
        case message = "message_id"
        case failIfNotExists = "fail_if_not_exists"
    }
}

/// A card under a message. Limits: title 256, description 4096, 25 fields of 256 and 1024, footer 2048 characters.
package struct Embed: Encodable, Hashable, Sendable {
    package struct Field: Encodable, Hashable, Sendable {
        package var name: String
        package var value: String
        package var inline: Bool

        package init(name: String, value: String, inline: Bool = false) {
            self.name = name
            self.value = value
            self.inline = inline
        }
    }

    package struct Footer: Encodable, Hashable, Sendable {
        package var text: String

        package init(text: String) {
            self.text = text
        }
    }

    package var title: String?
    package var description: String?
    package var url: String?
    /// 0xRRGGBB.
    package var color: Int?
    package var fields: [Field]?
    package var footer: Footer?
    /// ISO 8601.
    package var timestamp: String?

    package init(
        title: String? = nil,
        description: String? = nil,
        url: String? = nil,
        color: Int? = nil,
        fields: [Field]? = nil,
        footer: Footer? = nil,
        timestamp: String? = nil
    ) {
        self.title = title
        self.description = description
        self.url = url
        self.color = color
        self.fields = fields
        self.footer = footer
        self.timestamp = timestamp
    }
}

/// A row of up to five buttons.
package struct ActionRow: Encodable, Hashable, Sendable {
    package var buttons: [Button]

    package init(_ buttons: [Button]) {
        self.buttons = buttons
    }

    private enum CodingKeys: String, CodingKey {
        case type, components
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(1, forKey: .type)
        try container.encode(buttons, forKey: .components)
    }
}

/// A button that sends its custom id back.
package struct Button: Encodable, Hashable, Sendable {
    package enum Style: Int, Encodable, Sendable {
        case primary = 1
        case secondary = 2
        case success = 3
        case danger = 4
    }

    /// 1 to 80 characters.
    package var label: String
    /// 1 to 100 characters, unique in its message.
    package var customID: String
    package var style: Style
    package var isDisabled: Bool

    package init(_ label: String, customID: String, style: Style = .secondary, isDisabled: Bool = false) {
        self.label = label
        self.customID = customID
        self.style = style
        self.isDisabled = isDisabled
    }

    private enum CodingKeys: String, CodingKey {
        case type, label, style, disabled
        case customID = "custom_id"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(2, forKey: .type)
        try container.encode(label, forKey: .label)
        try container.encode(style, forKey: .style)
        try container.encode(customID, forKey: .customID)
        try container.encode(isDisabled, forKey: .disabled)
    }
}
