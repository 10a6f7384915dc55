package import DiscordModel

/// A member's command, button, select, modal or keystroke, handed to the service that owns it at `commands.<service>`,
/// or at `commands.<service>/instance/<INSTANCE_ID>` to the one instance that is to answer.
///
/// The gateway keeps the interaction's token; a service answers by the reply, and later by `RespondInteraction`.
package struct HandleInteraction: BusRequest {
    package typealias Reply = InteractionReply
    package static let typeName = "ensemble.interactions.v1.HandleInteraction"
    /// The interaction's id is its key: a service recognises what it has already done.
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.gateway, .music, .persona, .moderation, .scheduler, .community]
    package static let callers: Set<ServiceRole>? = [.gateway]

    /// The bot that the member spoke to.
    package var bot: BotID
    package var interaction: InteractionID
    package var kind: InteractionKind
    /// The command's name with its subcommand path (`words add`), or the custom id of a component or modal.
    package var name: String
    package var guild: GuildID?
    package var channel: ChannelID?
    package var member: InteractionMember
    /// The member's locale as Discord gives it, for example `uk` or `en-US`.
    package var locale: String
    /// The guild's locale; empty in a direct message.
    package var guildLocale: String
    package var options: [InteractionOption]
    /// What was chosen in a select menu.
    package var values: [String]
    /// The option that is being typed, for autocomplete; empty otherwise.
    package var focused: String
    /// The message that carries the component.
    package var message: MessageID?
    /// The users that options name.
    package var users: [InteractionMember]
    /// Unix milliseconds at which the gateway received it.
    package var receivedAt: Int64

    package init(
        bot: BotID,
        interaction: InteractionID,
        kind: InteractionKind,
        name: String,
        guild: GuildID?,
        channel: ChannelID?,
        member: InteractionMember,
        locale: String,
        guildLocale: String = "",
        options: [InteractionOption] = [],
        values: [String] = [],
        focused: String = "",
        message: MessageID? = nil,
        users: [InteractionMember] = [],
        receivedAt: Int64
    ) {
        self.bot = bot
        self.interaction = interaction
        self.kind = kind
        self.name = name
        self.guild = guild
        self.channel = channel
        self.member = member
        self.locale = locale
        self.guildLocale = guildLocale
        self.options = options
        self.values = values
        self.focused = focused
        self.message = message
        self.users = users
        self.receivedAt = receivedAt
    }
}

package struct InteractionKind: OpenEnum {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package static let command = Self(rawValue: "command")
    package static let component = Self(rawValue: "component")
    package static let modal = Self(rawValue: "modal")
    package static let autocomplete = Self(rawValue: "autocomplete")
}

/// Who used it, or who is named by an option.
package struct InteractionMember: Codable, Hashable, Sendable {
    package var user: UserID
    package var name: String
    package var displayName: String
    package var isBot: Bool
    package var roles: [RoleID]
    /// In the channel, as Discord computed them; empty for a user who is no member.
    package var permissions: Permissions

    package init(
        user: UserID,
        name: String,
        displayName: String,
        isBot: Bool = false,
        roles: [RoleID] = [],
        permissions: Permissions = []
    ) {
        self.user = user
        self.name = name
        self.displayName = displayName
        self.isBot = isBot
        self.roles = roles
        self.permissions = permissions
    }
}

/// One option's value; ids are decimal strings, booleans `true` or `false`, numbers as JSON writes them.
package struct InteractionOption: Codable, Hashable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// A service's answer to an interaction.
package struct InteractionReply: BusMessage {
    package static let typeName = "ensemble.interactions.v1.InteractionReply"

    package var kind: InteractionReplyKind
    /// The data of Discord's interaction callback as JSON text: a message, a modal, or autocomplete's choices.
    package var data: String
    /// Only the member sees it. It must agree with the deferral that the manifest declares.
    package var ephemeral: Bool

    package init(kind: InteractionReplyKind, data: String = "", ephemeral: Bool = false) {
        self.kind = kind
        self.data = data
        self.ephemeral = ephemeral
    }
}

package struct InteractionReplyKind: OpenEnum {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// A new message.
    package static let message = Self(rawValue: "message")
    /// Changes the message that carries the component.
    package static let update = Self(rawValue: "update")
    package static let modal = Self(rawValue: "modal")
    package static let choices = Self(rawValue: "choices")
    /// The answer comes later by `RespondInteraction`; the gateway defers at once.
    package static let later = Self(rawValue: "later")
}

/// Edits the answer to an interaction, or adds to it, within the 15 minutes that its token lives.
package struct RespondInteraction: BusRequest {
    package typealias Reply = RESTOutcome
    package static let typeName = "ensemble.interactions.v1.RespondInteraction"
    package static let repetition = Repetition.once
    package static let servers: Set<ServiceRole> = [.gateway]
    package static let callers: Set<ServiceRole>? = HandleInteraction.servers

    package var bot: BotID
    package var interaction: InteractionID
    package var kind: InteractionResponseKind
    /// The message as JSON text.
    package var data: String
    package var ephemeral: Bool

    package init(
        bot: BotID,
        interaction: InteractionID,
        kind: InteractionResponseKind,
        data: String,
        ephemeral: Bool = false
    ) {
        self.bot = bot
        self.interaction = interaction
        self.kind = kind
        self.data = data
        self.ephemeral = ephemeral
    }
}

package struct InteractionResponseKind: OpenEnum {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package static let editOriginal = Self(rawValue: "editOriginal")
    package static let followUp = Self(rawValue: "followUp")
    package static let deleteOriginal = Self(rawValue: "deleteOriginal")
}
