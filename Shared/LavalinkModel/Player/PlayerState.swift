/// Where a player is and how its voice connection does.
package struct PlayerState: Hashable, Sendable {
    /// Milliseconds since the Unix epoch, by the node's clock, at which this was true.
    package var time: Int64
    /// Milliseconds into the track.
    package var position: Int64
    /// Whether the voice connection to Discord stands.
    package var connected: Bool
    /// Milliseconds to the voice server; -1 = not connected.
    package var ping: Int

    package init(time: Int64 = 0, position: Int64 = 0, connected: Bool = false, ping: Int = -1) {
        self.time = time
        self.position = position
        self.connected = connected
        self.ping = ping
    }
}

extension PlayerState: Codable {
    private enum CodingKeys: String, CodingKey {
        case time, position, connected, ping
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        time = container.lenientInt64(.time) ?? 0
        position = max(0, container.lenientInt64(.position) ?? 0)
        connected = container.lenientBool(.connected) ?? false
        ping = container.lenientInt(.ping) ?? -1
    }
}
