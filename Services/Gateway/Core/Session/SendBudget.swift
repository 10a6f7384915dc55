import DiscordModel

/// What may still be sent on one gateway connection: 120 payloads a minute, heartbeats before all else.
///
/// Excess makes Discord close with 4008. Heartbeats have their own part, so that no flood of voice moves can kill the
/// connection; the others wait in a bounded line in which only the newest of a kind stays.
struct SendBudget: Sendable {
    private static let window = Duration.seconds(60)
    private static let limit = 120
    /// Kept for heartbeats, IDENTIFY and RESUME: at Discord's interval of 41 s two would do.
    private static let reserve = 15
    /// Presence updates have a limit of their own, which Discord enforces by ignoring or closing.
    private static let presenceWindow = Duration.seconds(20)
    private static let presenceLimit = 5

    /// A payload that waits, and what a newer one replaces.
    enum Kind: Hashable, Sendable {
        case voice(GuildID)
        case presence
        /// A request for members, by its nonce.
        case members(String)
    }

    private var sent: [ContinuousClock.Instant] = []
    /// Over connections: the limit is the bot's.
    private var presences: [ContinuousClock.Instant] = []
    private var waiting: [(kind: Kind, payload: String)] = []

    /// Notes a payload that is sent whatever the budget says.
    mutating func noteUrgent(_ now: ContinuousClock.Instant) {
        sent.append(now)
    }

    /// Puts a payload in line; an older one of the same kind goes.
    mutating func enqueue(_ kind: Kind, _ payload: String) {
        waiting.removeAll { $0.kind == kind }
        waiting.append((kind, payload))
    }

    /// The payloads that may leave now, in order.
    mutating func next(_ now: ContinuousClock.Instant) -> [String] {
        sent.removeAll { $0 + Self.window <= now }
        presences.removeAll { $0 + Self.presenceWindow <= now }
        var leaving: [String] = []
        var staying: [(kind: Kind, payload: String)] = []
        for item in waiting {
            let isHeld = item.kind == .presence && presences.count >= Self.presenceLimit
            guard !isHeld, sent.count < Self.limit - Self.reserve else {
                staying.append(item)
                continue
            }
            if item.kind == .presence { presences.append(now) }
            leaving.append(item.payload)
            sent.append(now)
        }
        waiting = staying
        return leaving
    }

    /// Whoever wanted it waits no more.
    mutating func withdraw(_ kind: Kind) {
        waiting.removeAll { $0.kind == kind }
    }

    /// A new connection has a new budget; what waited still waits.
    mutating func reset() {
        sent = []
    }
}
