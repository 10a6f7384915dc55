package import DiscordModel

/// What a node needs to speak in a voice channel in a bot's place.
///
/// `channelId` is required since Lavalink 4.2 (end-to-end encryption); older nodes ignore it, so it is always sent.
/// The token is a secret: this type's description shows none of it.
package struct VoiceCredentials: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package var token: String
    package var endpoint: String
    package var sessionId: String
    package var channelId: ChannelID?

    package init(token: String, endpoint: String, sessionId: String, channelId: ChannelID?) {
        self.token = token
        self.endpoint = endpoint
        self.sessionId = sessionId
        self.channelId = channelId
    }

    /// Whether a node would take it: a blank field is answered with 400.
    package var isComplete: Bool {
        !token.isEmpty && !endpoint.isEmpty && !sessionId.isEmpty && channelId != nil
    }

    package var description: String { "voice(\(endpoint), channel \(channelId.map(\.description) ?? "none"))" }
    package var debugDescription: String { description }
}

extension VoiceCredentials: Codable {
    private enum CodingKeys: String, CodingKey {
        case token, endpoint, sessionId, channelId
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        token = container.lenientString(.token) ?? ""
        endpoint = container.lenientString(.endpoint) ?? ""
        sessionId = container.lenientString(.sessionId) ?? ""
        channelId = container.lenient(ChannelID.self, .channelId)
    }
}
