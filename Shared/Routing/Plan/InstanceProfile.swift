package import DiscordModel
package import ServiceKit

/// What an instance is for: `INSTANCE_TYPE`.
package enum InstanceType: String, CaseIterable, Hashable, Sendable, Codable {
    /// It counts as one of each type.
    case all
    case chat
    case image
    case video
    /// It may serve any route, after those that the route names.
    case admin
}

/// What an instance takes, by its own settings; an empty list takes everything.
package struct InstanceProfile: Hashable, Sendable {
    package var type: InstanceType
    /// Names of slash commands. What is no command is not concerned.
    package var commands: Set<String>
    package var channels: [ChannelGlob]
    package var guilds: Set<GuildID>

    package init(
        type: InstanceType = .all,
        commands: Set<String> = [],
        channels: [ChannelGlob] = [],
        guilds: Set<GuildID> = []
    ) {
        self.type = type
        self.commands = commands
        self.channels = channels
        self.guilds = guilds
    }

    /// Reads `INSTANCE_TYPE`, `ENABLED_COMMANDS`, `ENABLED_CHANNELS` and `ENABLED_GUILDS`.
    package init(settings: Settings) throws(ConfigurationError) {
        type = try settings.choice("INSTANCE_TYPE", default: .all)
        commands = Set(settings.list("ENABLED_COMMANDS").map { CommandName.plain($0) })
        channels = settings.list("ENABLED_CHANNELS").map(ChannelGlob.init)
        var guilds: Set<GuildID> = []
        for text in settings.list("ENABLED_GUILDS") {
            guard let guild = GuildID(text) else {
                throw ConfigurationError(
                    key: "ENABLED_GUILDS",
                    expected: "ids of guilds, separated by commas",
                    found: "\"\(text)\""
                )
            }
            guilds.insert(guild)
        }
        self.guilds = guilds
    }

    /// Whether there is anything that it does not take.
    package var isRestricted: Bool { !commands.isEmpty || !channels.isEmpty || !guilds.isEmpty }

    /// Whether it takes the work. A channel whose name is not known, or a direct message, is none of the listed.
    package func accepts(_ work: Work) -> Bool {
        if !commands.isEmpty, let command = work.command, !commands.contains(CommandName.plain(command)) {
            return false
        }
        if !guilds.isEmpty, work.guild.map(guilds.contains) != true { return false }
        return channels.isEmpty || channels.contains { $0.matches(channel: work.channel, category: work.category) }
    }
}

/// Names of commands as operators write them, in the one form in which they are compared.
enum CommandName {
    /// `/Warn` gives `warn`: Discord's names are lower case and have no slash.
    static func plain(_ text: String) -> String {
        String(text.drop { $0 == "/" }).lowercased()
    }
}
