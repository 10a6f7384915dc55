import BusContract
import DiscordModel

extension HandleInteraction {
    /// What a service needs of an interaction: everything but its token.
    init?(_ interaction: Interaction, bot: BotID, receivedAt: Int64) {
        guard let invoker = interaction.invoker, let kind = InteractionKind(interaction.type) else { return nil }
        let data = interaction.data
        let path = data?.options.subcommandPath ?? []
        let options = data?.options.innermost ?? []
        let fields = (data?.fields ?? [:]).sorted { $0.key < $1.key }
        self.init(
            bot: bot,
            interaction: interaction.id,
            kind: kind,
            name: data?.customID ?? ([data?.name ?? ""] + path).joined(separator: " "),
            guild: interaction.guildID,
            channel: interaction.channelID,
            member: InteractionMember(invoker, interaction.member),
            locale: interaction.locale ?? "",
            guildLocale: interaction.guildLocale ?? "",
            options: options.compactMap { option in
                option.value.map { InteractionOption(name: option.name, value: $0.text) }
            } + fields.map { InteractionOption(name: $0.key, value: $0.value) },
            values: data?.values ?? [],
            focused: options.first { $0.focused }?.name ?? "",
            message: interaction.message?.id,
            users: (data?.resolved?.users ?? [:]).sorted { $0.key < $1.key }.map { id, user in
                InteractionMember(user, data?.resolved?.members[id])
            },
            receivedAt: receivedAt
        )
    }
}

extension InteractionKind {
    fileprivate init?(_ type: InteractionType) {
        switch type {
        case .applicationCommand: self = .command
        case .messageComponent: self = .component
        case .autocomplete: self = .autocomplete
        case .modalSubmit: self = .modal
        default: return nil
        }
    }
}

extension InteractionMember {
    fileprivate init(_ user: User, _ member: Member?) {
        self.init(
            user: user.id,
            name: user.username,
            displayName: member?.nick ?? user.globalName ?? user.username,
            isBot: user.bot,
            roles: member?.roles ?? [],
            permissions: member?.permissions ?? []
        )
    }
}

extension [InteractionDataOption] {
    /// The names of subcommand group and subcommand, as far as there are any.
    fileprivate var subcommandPath: [String] {
        guard let first, first.type == 1 || first.type == 2 else { return [] }
        return [first.name] + first.options.subcommandPath
    }

    /// The options of the innermost subcommand.
    fileprivate var innermost: [InteractionDataOption] {
        guard let first, first.type == 1 || first.type == 2 else { return self }
        return first.options.innermost
    }
}

extension InteractionValue {
    fileprivate var text: String {
        switch self {
        case .string(let value): value
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .boolean(let value): String(value)
        }
    }
}
