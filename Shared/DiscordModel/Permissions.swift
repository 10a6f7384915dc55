/// A set of Discord permissions; JSON carries it as a decimal string.
///
/// Bits without a name here are kept as they came. Source: Discord API reference, "Permissions".
package struct Permissions: OptionSet, Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package static let createInstantInvite = Self(rawValue: 1 << 0)
    package static let kickMembers = Self(rawValue: 1 << 1)
    package static let banMembers = Self(rawValue: 1 << 2)
    package static let administrator = Self(rawValue: 1 << 3)
    package static let manageChannels = Self(rawValue: 1 << 4)
    package static let manageGuild = Self(rawValue: 1 << 5)
    package static let addReactions = Self(rawValue: 1 << 6)
    package static let viewAuditLog = Self(rawValue: 1 << 7)
    package static let prioritySpeaker = Self(rawValue: 1 << 8)
    package static let stream = Self(rawValue: 1 << 9)
    package static let viewChannel = Self(rawValue: 1 << 10)
    package static let sendMessages = Self(rawValue: 1 << 11)
    package static let sendTTSMessages = Self(rawValue: 1 << 12)
    package static let manageMessages = Self(rawValue: 1 << 13)
    package static let embedLinks = Self(rawValue: 1 << 14)
    package static let attachFiles = Self(rawValue: 1 << 15)
    package static let readMessageHistory = Self(rawValue: 1 << 16)
    package static let mentionEveryone = Self(rawValue: 1 << 17)
    package static let useExternalEmojis = Self(rawValue: 1 << 18)
    package static let connect = Self(rawValue: 1 << 20)
    package static let speak = Self(rawValue: 1 << 21)
    package static let muteMembers = Self(rawValue: 1 << 22)
    package static let deafenMembers = Self(rawValue: 1 << 23)
    package static let moveMembers = Self(rawValue: 1 << 24)
    package static let useVoiceActivity = Self(rawValue: 1 << 25)
    package static let changeNickname = Self(rawValue: 1 << 26)
    package static let manageNicknames = Self(rawValue: 1 << 27)
    package static let manageRoles = Self(rawValue: 1 << 28)
    package static let manageWebhooks = Self(rawValue: 1 << 29)
    package static let useApplicationCommands = Self(rawValue: 1 << 31)
    package static let manageThreads = Self(rawValue: 1 << 34)
    package static let createPublicThreads = Self(rawValue: 1 << 35)
    package static let createPrivateThreads = Self(rawValue: 1 << 36)
    package static let sendMessagesInThreads = Self(rawValue: 1 << 38)
    package static let moderateMembers = Self(rawValue: 1 << 40)
    package static let setVoiceChannelStatus = Self(rawValue: 1 << 48)
    package static let pinMessages = Self(rawValue: 1 << 51)
    package static let bypassSlowmode = Self(rawValue: 1 << 52)

    /// Every bit: what a guild's owner and administrators have.
    package static let all = Self(rawValue: .max)
}

extension Permissions: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = UInt64(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a permission set: \(text)")
        }
        self.init(rawValue: value)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(String(rawValue))
    }
}
