/// The name of a gateway event (`t` of a dispatch), which is also part of its topic on the bus.
///
/// Events that are not named here pass like the others; only names made of something else than `A-Z`, `0-9` and `_` do not.
package struct DiscordEventName: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: String

    /// Takes any text; see `init(validating:)` for text from outside.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package var description: String { rawValue }

    package static let ready = Self(rawValue: "READY")
    package static let resumed = Self(rawValue: "RESUMED")
    package static let rateLimited = Self(rawValue: "RATE_LIMITED")
    package static let guildCreate = Self(rawValue: "GUILD_CREATE")
    package static let guildUpdate = Self(rawValue: "GUILD_UPDATE")
    package static let guildDelete = Self(rawValue: "GUILD_DELETE")
    package static let guildRoleCreate = Self(rawValue: "GUILD_ROLE_CREATE")
    package static let guildRoleUpdate = Self(rawValue: "GUILD_ROLE_UPDATE")
    package static let guildRoleDelete = Self(rawValue: "GUILD_ROLE_DELETE")
    package static let guildMemberAdd = Self(rawValue: "GUILD_MEMBER_ADD")
    package static let guildMemberUpdate = Self(rawValue: "GUILD_MEMBER_UPDATE")
    package static let guildMemberRemove = Self(rawValue: "GUILD_MEMBER_REMOVE")
    package static let guildMembersChunk = Self(rawValue: "GUILD_MEMBERS_CHUNK")
    package static let guildBanAdd = Self(rawValue: "GUILD_BAN_ADD")
    package static let guildBanRemove = Self(rawValue: "GUILD_BAN_REMOVE")
    package static let guildAuditLogEntryCreate = Self(rawValue: "GUILD_AUDIT_LOG_ENTRY_CREATE")
    package static let channelCreate = Self(rawValue: "CHANNEL_CREATE")
    package static let channelUpdate = Self(rawValue: "CHANNEL_UPDATE")
    package static let channelDelete = Self(rawValue: "CHANNEL_DELETE")
    package static let channelPinsUpdate = Self(rawValue: "CHANNEL_PINS_UPDATE")
    package static let threadCreate = Self(rawValue: "THREAD_CREATE")
    package static let threadUpdate = Self(rawValue: "THREAD_UPDATE")
    package static let threadDelete = Self(rawValue: "THREAD_DELETE")
    package static let threadListSync = Self(rawValue: "THREAD_LIST_SYNC")
    package static let messageCreate = Self(rawValue: "MESSAGE_CREATE")
    package static let messageUpdate = Self(rawValue: "MESSAGE_UPDATE")
    package static let messageDelete = Self(rawValue: "MESSAGE_DELETE")
    package static let messageDeleteBulk = Self(rawValue: "MESSAGE_DELETE_BULK")
    package static let messageReactionAdd = Self(rawValue: "MESSAGE_REACTION_ADD")
    package static let messageReactionRemove = Self(rawValue: "MESSAGE_REACTION_REMOVE")
    package static let voiceStateUpdate = Self(rawValue: "VOICE_STATE_UPDATE")
    package static let voiceServerUpdate = Self(rawValue: "VOICE_SERVER_UPDATE")
    package static let interactionCreate = Self(rawValue: "INTERACTION_CREATE")
    package static let typingStart = Self(rawValue: "TYPING_START")
    package static let presenceUpdate = Self(rawValue: "PRESENCE_UPDATE")
    package static let userUpdate = Self(rawValue: "USER_UPDATE")
    package static let inviteCreate = Self(rawValue: "INVITE_CREATE")
    package static let inviteDelete = Self(rawValue: "INVITE_DELETE")
    package static let autoModerationActionExecution = Self(rawValue: "AUTO_MODERATION_ACTION_EXECUTION")

    /// Every name above, most frequent first.
    package static let known: [Self] = [
        .messageCreate, .messageUpdate, .messageDelete, .voiceStateUpdate, .voiceServerUpdate, .typingStart,
        .presenceUpdate, .interactionCreate, .guildMemberUpdate, .guildMemberAdd, .guildMemberRemove,
        .messageReactionAdd, .messageReactionRemove, .guildCreate, .guildUpdate, .guildDelete, .ready, .resumed,
        .rateLimited, .guildRoleCreate, .guildRoleUpdate, .guildRoleDelete, .guildMembersChunk, .guildBanAdd,
        .guildBanRemove, .guildAuditLogEntryCreate, .channelCreate, .channelUpdate, .channelDelete,
        .channelPinsUpdate, .threadCreate, .threadUpdate, .threadDelete, .threadListSync, .messageDeleteBulk,
        .userUpdate, .inviteCreate, .inviteDelete, .autoModerationActionExecution,
    ]

    /// Whether a consumer that was away gets it from the journal. Voice handshakes are worthless a second later and carry
    /// secrets; typing and presence are worthless too; interactions are requests, not events.
    package var isDurable: Bool {
        switch self {
        case .voiceServerUpdate, .typingStart, .presenceUpdate, .interactionCreate, .ready, .resumed, .rateLimited,
            .guildMembersChunk:
            return false
        default:
            return true
        }
    }
}

extension DiscordEventName {
    /// The name that the bytes spell: 1 to 64 of `A-Z`, `0-9`, `_`, or nil. Known names allocate nothing.
    init?(validating bytes: UnsafeBufferPointer<UInt8>) {
        guard (1...64).contains(bytes.count) else { return nil }
        if let known = Self.messageCreateIfEqual(bytes) {
            self = known
            return
        }
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                continue
            default: return nil
            }
        }
        // A dictionary of names by text would hash the bytes; a handful of names share a length and a first letter.
        for name in Self.known {
            var text = name.rawValue
            let isEqual = text.withUTF8 { candidate in candidate.elementsEqual(bytes) }
            if isEqual {
                self = name
                return
            }
        }
        self.init(rawValue: String(decoding: bytes, as: UTF8.self))
    }

    @inline(__always)
    private static func messageCreateIfEqual(_ bytes: UnsafeBufferPointer<UInt8>) -> Self? {
        let text: StaticString = "MESSAGE_CREATE"
        guard bytes.count == text.utf8CodeUnitCount else { return nil }
        for index in 0..<bytes.count where bytes[index] != text.utf8Start[index] { return nil }
        return .messageCreate
    }
}

extension DiscordEventName: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(rawValue: try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
