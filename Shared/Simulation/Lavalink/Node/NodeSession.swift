/// One client's session with the local node: its players, and the messages that wait for it while it is away.
package struct NodeSession: Sendable {
    package enum Link: Sendable, Equatable {
        case connected
        /// Away, and may come back until then (milliseconds since 1970).
        case paused(until: Int64)
    }

    /// Events kept for a client that is away; the oldest go first.
    static let queueLimit = 2_048

    package let id: String
    package let user: UInt64
    package internal(set) var link = Link.connected
    package internal(set) var isResuming = false
    /// Seconds for which a session outlives its connection.
    package internal(set) var timeout: Int64 = 60
    package internal(set) var players: [String: SimulatedPlayer] = [:]
    /// Messages to be sent, or kept while the client is away.
    var outgoing: [JSONValue] = []
    /// When the next statistics are due, milliseconds since 1970.
    var nextStats: Int64
    package internal(set) var droppedEvents = 0

    /// Takes what a player signals: events always, positions only for a client that is there.
    mutating func collect(from guild: String, now: Int64) {
        guard var player = players[guild] else { return }
        for signal in player.takeSignals() {
            if signal == .state, link != .connected { continue }
            outgoing.append(player.message(for: signal, now: now))
        }
        players[guild] = player
        if link != .connected, outgoing.count > Self.queueLimit {
            droppedEvents += outgoing.count - Self.queueLimit
            outgoing.removeFirst(outgoing.count - Self.queueLimit)
        }
    }
}
