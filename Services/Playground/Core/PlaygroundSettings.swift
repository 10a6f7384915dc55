package import ServiceKit

/// What the playground is told by its environment.
package struct PlaygroundSettings: Sendable {
    static let lavalinkPortVariable = "PLAYGROUND_LAVALINK_PORT"

    /// `HTTP_HOST`: the address that both servers listen on; default loopback.
    package let host: String
    /// `PLAYGROUND_PORT`: page, Discord, control API and language model; default 8090, 0 takes any free one.
    package let port: Int
    /// `PLAYGROUND_LAVALINK_PORT`: Lavalink; default 2333, 0 takes any free one.
    package let lavalinkPort: Int
    /// `PLAYGROUND_LAVALINK_PASSWORD`: what clients of Lavalink must show; default Lavalink's own.
    package let lavalinkPassword: String
    /// `PLAYGROUND_TOKEN_DELAY`: the pause before each piece of a streamed answer; default 25 ms.
    package let tokenDelay: Duration
    /// `PLAYGROUND_FIRST_TOKEN_DELAY`: the pause before an answer begins; default 300 ms.
    package let firstTokenDelay: Duration
    /// `PLAYGROUND_RECORD_BODIES`: whether `/control/calls` also has what calls said and got, from the start; default no.
    package let recordsBodies: Bool

    /// Reads the settings.
    package init(_ settings: Settings, instance: ServiceInstance) throws(ConfigurationError) {
        host = settings.string("HTTP_HOST", default: "127.0.0.1")
        port = try settings.port(of: instance)
        lavalinkPort = try settings.int(Self.lavalinkPortVariable, default: 2333, in: 0...65_535)
        lavalinkPassword = settings.string("PLAYGROUND_LAVALINK_PASSWORD", default: "youshallnotpass")
        tokenDelay = try settings.duration("PLAYGROUND_TOKEN_DELAY", default: .milliseconds(25))
        firstTokenDelay = try settings.duration("PLAYGROUND_FIRST_TOKEN_DELAY", default: .milliseconds(300))
        recordsBodies = try settings.bool("PLAYGROUND_RECORD_BODIES", default: false)
    }
}
