package import BusContract
import Crypto
package import DiscordModel
import FoundationEssentials

/// Something to be done on Discord by one of our bots, once by its key.
package struct Effect: Hashable, Sendable {
    /// What is done, to what, and by which bot if it is that bot's own: `delete:<message>`, `answer:<message>:<bot>`.
    package var key: String
    package var bot: BotID
    package var method: String
    package var path: String
    /// JSON text; empty = none.
    package var body: String
    package var auditReason: String
    package var lane: Lane
    package var safety: RESTSafety
    /// After this time it is no longer worth doing.
    package var life: Duration

    package init(
        key: String,
        bot: BotID,
        method: String,
        path: String,
        body: String = "",
        auditReason: String = "",
        lane: Lane,
        safety: RESTSafety,
        life: Duration = .seconds(48 * 3_600)
    ) {
        self.key = key
        self.bot = bot
        self.method = method
        self.path = path
        self.body = body
        self.auditReason = auditReason
        self.lane = lane
        self.safety = safety
        self.life = life
    }

    /// Deletes a message.
    package static func deleteMessage(
        _ message: MessageID,
        in channel: ChannelID,
        by bot: BotID,
        reason: String
    ) -> Effect {
        Effect(
            key: "delete:\(message)",
            bot: bot,
            method: "DELETE",
            path: "/channels/\(channel)/messages/\(message)",
            auditReason: reason,
            lane: .moderation,
            safety: .idempotent
        )
    }

    /// Sends a message; its nonce is made from the key, so that Discord itself refuses a second one.
    package static func sendMessage(
        _ message: OutgoingMessage,
        to channel: ChannelID,
        by bot: BotID,
        key: String,
        lane: Lane = .message,
        life: Duration = .seconds(3_600)
    ) throws -> Effect {
        var message = message
        message.nonce = nonce(of: key)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Effect(
            key: key,
            bot: bot,
            method: "POST",
            path: "/channels/\(channel)/messages",
            body: String(decoding: try encoder.encode(message), as: UTF8.self),
            lane: lane,
            safety: .nonce,
            life: life
        )
    }

    /// The nonce of a key: the first 25 base32 characters of its SHA-256, which is all that Discord takes.
    package static func nonce(of key: String) -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
        // 25 digits of 5 bits are the first 16 of its 32 bytes.
        let bytes = Array(SHA256.hash(data: Data(key.utf8)))
        return String(
            (0..<25).map { digit in
                let (byte, shift) = ((digit * 5) / 8, (digit * 5) % 8)
                let pair = UInt16(bytes[byte]) << 8 | UInt16(bytes[byte + 1])
                return alphabet[Int(pair >> UInt16(11 - shift)) & 31]
            }
        )
    }
}
