package import DiscordModel

/// What stands before the payload of every event and request: enough to route, order, deduplicate and skip it unread.
///
/// On the wire it is the proto3 message `ensemble.bus.v1.Header`, written and read by hand (`Header+Coding.swift`).
package struct Header: Hashable, Sendable {
    /// The payload's type: a proto's full name, or Discord's event name for a payload that is Discord's.
    package var type = ""
    /// The payload type's schema version; 0 where the payload is Discord's.
    package var schemaVersion: UInt64 = 0
    /// Who sent it: `<service>/<instance>`. Informative only; the bus trusts the login, never this.
    package var source = ""
    /// The stream (bot, shard, Discord session) that the event belongs to, by its number in `streams`; 0 = none.
    package var stream: UInt64 = 0
    /// The event's place in its stream: Discord's own `s`.
    package var seq: UInt64 = 0
    /// The `seq` of the event before it on the same topic; 0 for the topic's first in its stream.
    package var prev: UInt64 = 0
    /// The bot whose session received the event, or that a request concerns.
    package var bot: BotID?
    package var guild: GuildID?
    package var channel: ChannelID?
    /// The user who caused the event: a message's author, a member, the one who changed voice channel.
    package var user: UserID?
    package var flags: EventFlags = []
    package var trace: TraceContext?
    /// When the sender sent it, in microseconds since the Unix epoch.
    package var sentAt: UInt64 = 0
    /// How long the sender still waits, in milliseconds from `sentAt`; each hop subtracts what it used. 0 = for ever (events).
    package var deadlineMilliseconds: UInt64 = 0
    /// Makes a repeated request recognisable; empty = none.
    package var key = ""
    package var contentType: ContentType = .json

    package init() {}
}

/// Facts about an event that let a consumer skip it without reading its payload.
package struct EventFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The author is a bot (any bot, ours too) or a webhook.
    package static let fromBot = Self(rawValue: 1 << 0)
    /// It happened in a direct message.
    package static let directMessage = Self(rawValue: 1 << 1)
    /// It mentions at least one user.
    package static let mentionsUser = Self(rawValue: 1 << 2)
    /// It mentions the bot whose session received it, or answers one of that bot's messages.
    package static let mentionsReceiver = Self(rawValue: 1 << 3)
    /// It is an answer to another message.
    package static let reply = Self(rawValue: 1 << 4)
    /// Discord replayed it after RESUME; it may have been delivered before.
    package static let replayed = Self(rawValue: 1 << 5)
}

/// How the payload is written; an open set.
package struct ContentType: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Canonical proto3 JSON of one of our messages.
    package static let json = Self(rawValue: "")
    /// The bytes that Discord sent, JSON too.
    package static let discord = Self(rawValue: "discord")
    /// There is no payload.
    package static let none = Self(rawValue: "none")
}

/// Ties together what one event caused across services (W3C trace context).
package struct TraceContext: Hashable, Sendable {
    /// 16 bytes, as two halves.
    package var traceHigh: UInt64
    package var traceLow: UInt64
    /// The sender's span.
    package var span: UInt64

    package init(traceHigh: UInt64, traceLow: UInt64, span: UInt64) {
        self.traceHigh = traceHigh
        self.traceLow = traceLow
        self.span = span
    }

    /// A new trace with random ids.
    package static func random() -> Self {
        Self(traceHigh: .random(in: 1 ... .max), traceLow: .random(in: .min ... .max), span: .random(in: 1 ... .max))
    }

    /// The same trace with a new span.
    package func child() -> Self {
        Self(traceHigh: traceHigh, traceLow: traceLow, span: .random(in: 1 ... .max))
    }

    /// The trace id as 32 hexadecimal digits, as logs show it.
    package var traceID: String {
        traceHigh.paddedHexadecimal + traceLow.paddedHexadecimal
    }
}

extension UInt64 {
    fileprivate var paddedHexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
