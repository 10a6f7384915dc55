/// Everything that the local Discord remembers, behind one lock in ``SimulatedDiscord``.
struct SimulatedDiscordState: Sendable {
    var world: World
    var gateway: GatewayState
    var limits: RESTRateLimits
    var calls = RESTCallLog()
    var faults = FaultBook<RESTFaultKind>()
}
