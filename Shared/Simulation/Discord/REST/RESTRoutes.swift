/// The catalogue of routes. A new one goes into the list of its topic; the conformance tests check it against Discord's
/// OpenAPI description.
enum RESTRoutes {
    static let table = RESTRouteTable(
        gateway + applications + commands + users + guilds + members + roles + channels + messages + reactions
            + interactions + webhooks
    )
}
