/// Why Discord closed a voice connection, as a node passes it on.
///
/// Source: Discord's voice documentation, "Voice Close Event Codes"; what to do is what the long-lived Lavalink clients
/// have settled on.
package struct VoiceCloseCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// What a client should do about it.
    package enum Remedy: Hashable, Sendable {
        /// A normal end.
        case nothing
        /// The session or token is no longer valid: leave, join, send the new credentials.
        case rejoin
        /// Something we sent was wrong: try once more, then give up.
        case rejoinOnce
        /// The voice server is gone: wait for a new one, then join anew.
        case awaitServer
        /// Kicked, moved, or the bot's gateway session dropped: wait for voice state and server, then decide.
        case awaitState
        /// The node cannot do the encryption that Discord requires: never with this node.
        case nodeUnfit
        /// The call is over: do not come back.
        case giveUp
    }

    package var remedy: Remedy {
        switch rawValue {
        case 4006, 4009: .rejoin
        case 4011, 4015: .awaitServer
        case 4014: .awaitState
        case 4017: .nodeUnfit
        case 4021, 4022: .giveUp
        case 4001...4005, 4012, 4016, 4020: .rejoinOnce
        case 1000, 1001: .nothing
        // 1006 and the like: the connection broke without a word.
        default: .awaitServer
        }
    }
}
