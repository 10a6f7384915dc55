/// An executable of ours, by the name of its binary, of its bus login and of its lines in the log.
package enum ServiceName: String, CaseIterable, Sendable, Codable {
    case gateway
    case music
    case lavalinkBridge = "lavalink-bridge"
    case persona
    case moderation
    case scheduler
    case adminAPI = "admin-api"
    case community
    case bus
    case playground
    case ensemble

    /// The variable that sets the port of the service's HTTP server: `GATEWAY_PORT`, `LAVALINK_BRIDGE_PORT`.
    package var portVariable: String {
        rawValue.uppercased().replacing("-", with: "_") + "_PORT"
    }

    /// The port of the first instance when nothing is set; nil for a program without a server.
    package var defaultPort: Int? {
        switch self {
        case .gateway: 9101
        case .music: 9102
        case .lavalinkBridge: 9103
        case .persona: 9104
        case .moderation: 9105
        case .scheduler: 9106
        case .community: 9107
        case .bus: 9108
        case .adminAPI: 8080
        case .playground: 8090
        case .ensemble: nil
        }
    }
}

extension ServiceName: CustomStringConvertible {
    package var description: String { rawValue }
}
