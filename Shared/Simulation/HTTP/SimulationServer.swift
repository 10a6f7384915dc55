package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import NIOHTTP1
import ServiceLifecycle
import Synchronization

/// Simulation: doubles of Discord, Lavalink and language models, for the playground and for tests.
///
/// `World` holds the rules of the local Discord as a value type without I/O; `Discord` puts REST and gateway around it,
/// `Control` the calls by which tests and the page act as members; `HTTP` is the server that all doubles share. A new
/// double implements ``SimulatedEndpoint`` and is handed to a ``SimulationServer``.
package typealias SimulationRouter = Router<SimulationContext>

/// One double's share of an HTTP server: its routes and its WebSockets.
package protocol SimulatedEndpoint: Sendable {
    /// Adds this double's routes.
    func addRoutes(to router: SimulationRouter)
    /// The handler for a WebSocket on that path, or nil when the path is not this double's.
    func webSocketHandler(for request: WebSocketRequest) -> WebSocketHandler?
    /// Headers of the answer that accepts a WebSocket.
    func webSocketResponseHeaders(for request: WebSocketRequest) -> HTTPHeaders
    /// Is called once when the server listens, with its base URL without a trailing slash (`http://127.0.0.1:8090`).
    func listening(at baseURL: String)
    /// What the double does of its own accord while the server runs; ends when it is cancelled.
    func run() async
}

extension SimulatedEndpoint {
    package func webSocketHandler(for request: WebSocketRequest) -> WebSocketHandler? { nil }
    package func webSocketResponseHeaders(for request: WebSocketRequest) -> HTTPHeaders { [:] }
    package func listening(at baseURL: String) {}
    package func run() async {}
}

/// An HTTP/1 and WebSocket server for one or several doubles.
package struct SimulationServer: Service {
    private let endpoints: [any SimulatedEndpoint]
    private let host: String
    private let port: Int
    private let logger: Logger
    private let address = ServerAddress()

    /// - Parameters:
    ///   - port: 0 takes any free port; ``baseURL()`` tells which.
    ///   - logger: nil keeps quiet: tests start hundreds of servers.
    package init(
        _ endpoints: [any SimulatedEndpoint],
        host: String = "127.0.0.1",
        port: Int = 0,
        logger: Logger? = nil
    ) {
        self.endpoints = endpoints
        self.host = host
        self.port = port
        self.logger = logger ?? Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
    }

    /// Serves until graceful shutdown or cancellation, which closes every connection, whatever its client is doing.
    ///
    /// - Throws: when the port cannot be had.
    package func run() async throws {
        defer { address.fail() }
        let channels = OpenChannels()
        let application = application(channels)
        // Out of reach of cancellation, for which see ``OpenChannels``, and of the graceful shutdown, in which Hummingbird
        // would wait for streams that never end.
        let server = Task.detached { try await application.run() }
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for endpoint in endpoints { group.addTask { await endpoint.run() } }
                do {
                    try await server.value
                } catch  where channels.isClosed {
                    // A service that ends by itself is an error to Hummingbird's group.
                }
                group.cancelAll()
            }
        } onCancelOrGracefulShutdown: {
            channels.close()
        }
    }

    private func application(_ channels: OpenChannels) -> some ApplicationProtocol {
        let router = SimulationRouter(context: SimulationContext.self)
        for endpoint in endpoints { endpoint.addRoutes(to: router) }
        let endpoints = endpoints
        let host = host
        let address = address
        return Application(
            router: router,
            server: HTTPServerBuilder { responder in
                WebSocketUpgradeChannel(responder: responder, channels: channels) { request in
                    for endpoint in endpoints {
                        if let handler = endpoint.webSocketHandler(for: request) {
                            return (handler, endpoint.webSocketResponseHeaders(for: request))
                        }
                    }
                    return nil
                }
            },
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { channel in
                channels.listens(channel)
                let url = "http://\(host):\(channel.localAddress?.port ?? 0)"
                for endpoint in endpoints { endpoint.listening(at: url) }
                address.resolve(url)
            },
            logger: logger
        )
    }

    /// Where the server listens, as soon as it does: `http://127.0.0.1:43121`.
    ///
    /// - Throws: ``SimulationServerStopped`` when the server ended before it listened.
    package func baseURL() async throws -> String {
        try await address.value()
    }

    /// Runs the server for the length of a body: how tests use a double.
    package func withRunning<Result: Sendable>(
        _ body: (_ baseURL: String) async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.run() }
            let url: String
            do {
                url = try await baseURL()
            } catch {
                try await group.waitForAll()
                throw error
            }
            do {
                let result = try await body(url)
                group.cancelAll()
                return result
            } catch {
                group.cancelAll()
                throw error
            }
        }
    }
}

/// The server ended before it listened.
package struct SimulationServerStopped: Error {}

/// An address that becomes known once.
private final class ServerAddress: Sendable {
    private struct State {
        var result: Result<String, SimulationServerStopped>?
        var waiting: [CheckedContinuation<String, any Error>] = []
    }

    private let state = Mutex(State())

    func resolve(_ url: String) { settle(.success(url)) }
    func fail() { settle(.failure(SimulationServerStopped())) }

    private func settle(_ result: Result<String, SimulationServerStopped>) {
        let waiting = state.withLock { state in
            if state.result == nil { state.result = result }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(with: result.mapError { $0 }) }
    }

    func value() async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            let known = state.withLock { state -> Result<String, SimulationServerStopped>? in
                if state.result == nil { state.waiting.append(continuation) }
                return state.result
            }
            if let known { continuation.resume(with: known.mapError { $0 }) }
        }
    }
}
