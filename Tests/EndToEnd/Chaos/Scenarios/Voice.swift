/// What voice servers and Lavalink nodes do. The first handshake of a run comes in the unusual order, VOICE_SERVER_UPDATE
/// before VOICE_STATE_UPDATE; later ones come in the usual order.
extension Scenario {
    static let voice: [Scenario] = [
        Scenario("new voice servers", .long, orders: [.init("gateway", "voice-server", count: 3, ms: 600)]),
        Scenario(
            "a node that loses its sessions",
            .long,
            orders: [.init("lavalink", "session-lost", count: 2, ms: 1_500)]
        ),
        Scenario("a dead node", .long, orders: [.init("lavalink", "dead", ms: 3_000)]),
    ]
}
