package import DiscordModel

/// Something that one instance has to answer, by what routes depend on.
package struct Work: Hashable, Sendable {
    /// Nil in a direct message.
    package var guild: GuildID?
    /// The channel's name, a thread's by its channel; empty in a direct message, or when it is not known.
    package var channel: String
    /// The name of the category that the channel is in; empty when there is none.
    package var category: String
    /// The name of the slash command without its subcommands; nil when it is none.
    package var command: String?

    package init(guild: GuildID?, channel: String = "", category: String = "", command: String? = nil) {
        self.guild = guild
        self.channel = channel
        self.category = category
        self.command = command
    }
}
