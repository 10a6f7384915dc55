/// Everything that the local Discord remembers, behind one lock in ``SimulatedDiscord``.
struct SimulatedDiscordState: Sendable {
    var world: World
    var gateway: GatewayState
    var limits: RESTRateLimits
    var calls = RESTCallLog()
    var faults = RESTFaults()
}

/// Faults that REST requests meet, set through the control API.
struct RESTFaults: Sendable {
    struct Fault: Sendable {
        /// A status to answer with instead of doing anything; nil only delays.
        let status: Int?
        let delay: Duration
        /// The bot that meets it; nil means every one.
        let bot: String?
        var remaining: Int
    }

    private static let limit = 64
    private var pending: [Fault] = []

    mutating func add(_ fault: Fault) {
        if pending.count < Self.limit { pending.append(fault) }
    }

    mutating func clear() { pending = [] }

    /// The fault that the next request of that bot meets.
    mutating func next(for bot: String) -> Fault? {
        guard let index = pending.firstIndex(where: { $0.bot == nil || $0.bot == bot }) else { return nil }
        let fault = pending[index]
        pending[index].remaining -= 1
        if pending[index].remaining <= 0 { pending.remove(at: index) }
        return fault
    }
}
