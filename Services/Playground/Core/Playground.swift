import Logging
package import ServiceKit
package import ServiceLifecycle
import Simulation

/// Playground: a local Discord, Lavalink and language model in one process, with a page where a person is a member.
///
/// It composes the doubles of `Simulation` and owns nothing but their sockets; it needs neither bus nor database. The
/// local Discord, its control API, the page and the language model share one port, Lavalink has its own, as in the real
/// world. A new double is made here, and put on one of the two servers.
package enum Playground {
    /// Runs until it is told to stop; never returns.
    package static func main() async -> Never {
        await ServiceRuntime.main(.playground) { context in try services(context) }
    }

    /// The parts, in the order of their start.
    package static func services(_ context: RuntimeContext) throws -> [any Service] {
        let settings = try PlaygroundSettings(context.settings, instance: context.instance)
        var world = SimulatedDiscord.Configuration()
        world.recordsBodies = settings.recordsBodies
        let discord = SimulatedDiscord(configuration: world)
        let lavalink = LavalinkDouble(
            configuration: .init(password: settings.lavalinkPassword, start: SimulatedDiscord.systemClock()),
            authority: DiscordVoiceAuthority(discord: discord)
        )
        let model = LanguageModelDouble(
            configuration: .init(tokenDelay: settings.tokenDelay, firstTokenDelay: settings.firstTokenDelay)
        )
        discord.takeOrders(for: [lavalink, model])

        let page = context.health.component("page")
        let node = context.health.component("lavalink")
        let main = PlaygroundServer(
            SimulationServer(
                [discord, model, try PageEndpoint(), HealthEndpoint(context: context)],
                host: settings.host,
                port: settings.port
            ),
            health: page,
            portVariable: context.instance.service.portVariable,
            port: settings.port
        ) { url in
            context.logger.notice("the playground's page is at \(url)/", metadata: ["url": "\(url)/"])
        }
        let second = PlaygroundServer(
            SimulationServer([lavalink], host: settings.host, port: settings.lavalinkPort),
            health: node,
            portVariable: PlaygroundSettings.lavalinkPortVariable,
            port: settings.lavalinkPort
        ) { url in
            context.logger.info("Lavalink listens", metadata: ["url": "\(url)"])
        }
        return [second, main]
    }
}
