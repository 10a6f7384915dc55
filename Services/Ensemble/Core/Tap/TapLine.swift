package import BusContract
import DiscordModel

/// One event as `bus tap` prints it.
package enum TapLine {
    /// Longest payload shown, in bytes.
    package static let payloadLimit = 2000

    /// The line: time, topic, what the header says, and the payload if it is wanted.
    package static func format(
        topic: some Collection<UInt8>,
        header: Header,
        payload: some Collection<UInt8>,
        showsPayload: Bool
    ) -> String {
        var line = String(decoding: topic, as: UTF8.self)
        if header.seq > 0 { line += " seq=\(header.seq) prev=\(header.prev) stream=\(header.stream)" }
        if let guild = header.guild { line += " guild=\(guild)" }
        if let channel = header.channel { line += " channel=\(channel)" }
        if let user = header.user { line += " user=\(user)" }
        if !header.source.isEmpty { line += " from=\(header.source)" }
        if let trace = header.trace { line += " trace_id=\(trace.traceID)" }
        line += " bytes=\(payload.count)"
        if showsPayload, !payload.isEmpty {
            line += "\n    " + String(decoding: payload.prefix(payloadLimit), as: UTF8.self)
            if payload.count > payloadLimit { line += "…" }
        }
        return line
    }
}

/// Which events `bus tap` shows.
package struct TapFilter: Sendable {
    /// A guild's id; nil = all.
    package var guild: UInt64?
    /// A user's id; nil = all.
    package var user: UInt64?
    /// A trace id; nil = all.
    package var trace: String?
    /// A text in the payload; nil = all.
    package var text: String?

    /// Makes a filter.
    package init(guild: UInt64? = nil, user: UInt64? = nil, trace: String? = nil, text: String? = nil) {
        self.guild = guild
        self.user = user
        self.trace = trace
        self.text = text
    }

    /// Whether an event passes.
    package func matches(_ header: Header, payload: some Collection<UInt8>) -> Bool {
        if let guild, header.guild?.rawValue != guild { return false }
        if let user, header.user?.rawValue != user { return false }
        if let trace, header.trace?.traceID != trace { return false }
        if let text, !String(decoding: payload, as: UTF8.self).contains(text) { return false }
        return true
    }
}
