/// What the gateway reads of an event's data without decoding it: enough to route it, filter it and fill its header.
package struct EventRoute: Hashable, Sendable {
    /// The guild that the event happened in; nil for direct messages and events of the account.
    package var guildID: GuildID?
    /// The channel or thread that the event is about or happened in.
    package var channelID: ChannelID?
    /// Who did it or whom it concerns: `author`, else `user`, else `member.user`, else `user_id`.
    package var userID: UserID?
    /// The object's own id (`d.id`): of a message, channel, guild, interaction.
    package var objectID: UInt64?
    /// Bit n: the n-th watched user is in `mentions`.
    package var mentioned: UInt64 = 0
    /// Bit n: the message replies to one by the n-th watched user.
    package var repliedTo: UInt64 = 0
    package var flags: Flags = []

    package init() {}

    /// Facts of one bit each.
    package struct Flags: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// The user is a bot.
        package static let fromBot = Self(rawValue: 1 << 0)
        /// A webhook wrote the message.
        package static let fromWebhook = Self(rawValue: 1 << 1)
        /// The message mentions everyone.
        package static let mentionsEveryone = Self(rawValue: 1 << 2)
        /// `unavailable` is true: an outage, not a removal.
        package static let unavailable = Self(rawValue: 1 << 3)
        /// At least one user is in `mentions`.
        package static let mentionsUsers = Self(rawValue: 1 << 4)
        /// The message answers another one.
        package static let isReply = Self(rawValue: 1 << 5)
    }
}

/// A gateway frame as far as the gateway reads it.
package struct GatewayFrame: Hashable, Sendable {
    package var opcode: GatewayOpcode
    /// `s`; set on every dispatch.
    package var sequence: UInt64?
    /// `t`; set on every dispatch.
    package var event: DiscordEventName?
    /// Where `d` stands in the frame, in bytes; empty if there is none.
    package var data: Range<Int>
    /// The route of a dispatch; empty for other opcodes.
    package var route: EventRoute

    package init(
        opcode: GatewayOpcode,
        sequence: UInt64? = nil,
        event: DiscordEventName? = nil,
        data: Range<Int> = 0..<0,
        route: EventRoute = EventRoute()
    ) {
        self.opcode = opcode
        self.sequence = sequence
        self.event = event
        self.data = data
        self.route = route
    }
}
