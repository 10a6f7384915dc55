import ServiceKit

/// Makes the environment of each child: its own variables, its own secrets, nothing of anybody else's.
struct ChildEnvironments: Sendable {
    let installation: Installation
    let fleet: FleetVariables
    let ports: [ServiceName: Int]
    let busAddress: String
    let busAccess: BusAccess
    /// Each service's connection string.
    let databases: [ServiceName: Secret]
    /// Set when the playground stands in for Discord, Lavalink and the models.
    let playground: PlaygroundAddresses?

    /// All that a service sees.
    func environment(of plan: ServicePlan) -> [String: String] {
        let service = plan.service
        let named =
            switch service {
            case .gateway: fleet.tokens
            case .persona: fleet.models
            default: Set<String>()
            }
        var result = plan.allowed(from: installation.environment, named: named)
        result["ENSEMBLE_STATE"] = installation.state
        result["ENSEMBLE_CONFIG"] = installation.config
        result["ENSEMBLE_BUS"] = busAddress
        result["LOG_FORMAT"] = Logs.Format.json.rawValue
        if let port = ports[service] { result[service.portVariable] = String(port) }
        busAccess.apply(to: &result, of: service)
        if plan.usesDatabase { result["DATABASE_URL"] = databases[service]?.reveal() }
        playground?.apply(to: &result, of: service, fleet: fleet)
        return result
    }
}

/// Where the playground's servers are, and the settings that lead the services there.
struct PlaygroundAddresses: Sendable {
    let port: Int
    let lavalinkPort: Int

    /// Lavalink's customary password; the local node listens on loopback alone.
    static let lavalinkPassword = "youshallnotpass"

    /// Only base addresses and log-ins differ: no service knows of the playground.
    func apply(to environment: inout [String: String], of service: ServiceName, fleet: FleetVariables) {
        let base = "http://127.0.0.1:\(port)"
        switch service {
        case .gateway:
            environment["DISCORD_API_URL"] = "\(base)/api/v10"
            for bot in fleet.bots {
                for variable in bot.tokenVariables { environment[variable] = "playground.\(bot.name)" }
            }
        case .persona:
            environment["OPENAI_BASE_URL"] = "\(base)/v1"
            environment["ANTHROPIC_BASE_URL"] = "\(base)/anthropic"
            environment["OPENAI_API_KEY"] = "playground"
            environment["PERSONA_PROVIDER"] = "openai"
        case .lavalinkBridge:
            environment["LAVALINK_NODES"] = "local=127.0.0.1:\(lavalinkPort):\(Self.lavalinkPassword):both"
        case .playground:
            environment["PLAYGROUND_LAVALINK_PORT"] = String(lavalinkPort)
            environment["PLAYGROUND_LAVALINK_PASSWORD"] = Self.lavalinkPassword
        default: break
        }
    }
}
