// A WebSocket client (RFC 6455) on SwiftNIO: for Discord's gateway and for Lavalink nodes.
//
// `WebSocketClient` opens connections in a scope and closes them when the scope ends; it owns no state but the process's
// one TLS context. `FrameDecoder` is the protocol as a value without I/O, `ConnectionHandler` puts it on a channel, and
// `InboundMailbox` hands whole batches of messages to the reader, because each wake-up of a task costs more than a
// message. An extension of the protocol (compression, say) would be negotiated in `Handshake` and applied in the decoder.

internal import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Opens WebSocket connections.
package struct WebSocketClient: Sendable {
    private let configuration: WebSocketConfiguration

    package init(configuration: WebSocketConfiguration = WebSocketConfiguration()) {
        self.configuration = configuration
    }

    /// Connects, runs the body with the open connection, and closes it when the body ends, however it ends.
    ///
    /// - Parameters:
    ///   - url: `wss://host[:port]/path?query`; `ws://` for loopback addresses only, unless the configuration allows more.
    ///   - headers: further request headers.
    ///   - body: reads `connection.messages()` until they end, and sends.
    /// - Throws: `WebSocketError` if no connection comes about before the deadlines; what the body throws.
    package func withConnection<Result>(
        to url: String,
        headers: [(name: String, value: String)] = [],
        _ body: (WebSocketConnection) async throws -> Result
    ) async throws -> Result {
        let target = try WebSocketURL(url)
        guard target.isSecure || target.isLoopback || configuration.allowsPlainText else {
            throw WebSocketError(
                code: .insecure,
                message: "refusing ws:// to \(target.host): it is not a loopback address"
            )
        }
        let connection = try await connect(to: target, headers: headers)
        do {
            let result = try await body(connection)
            await connection.closeAndWait(code: configuration.closeCode, within: configuration.closeTimeout)
            return result
        } catch {
            await connection.closeAndWait(code: configuration.closeCode, within: configuration.closeTimeout)
            throw error
        }
    }

    private func connect(
        to target: WebSocketURL,
        headers: [(name: String, value: String)]
    ) async throws -> WebSocketConnection {
        let tls = target.isSecure ? try TLSContext.shared() : nil
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let opened = loop.makePromise(of: WebSocketConnection.self)
        let handshake = Handshake(target: target, headers: headers)
        let configuration = configuration

        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let tls else { return }
                    let name = target.isIPAddress ? nil : target.host
                    try channel.pipeline.syncOperations.addHandler(
                        try NIOSSLClientHandler(context: tls, serverHostname: name)
                    )
                }
            }
        // The connect time-out of the bootstrap does not cover name resolution; this deadline covers everything.
        let deadline = loop.scheduleTask(in: TimeAmount(configuration.connectTimeout + configuration.upgradeTimeout)) {
            opened.fail(WebSocketError(code: .timeout, message: "no WebSocket connection to \(target.host) in time"))
        }
        let channel = bootstrap.connect(host: target.host, port: target.port)
        // Not in the initializer, which runs for each address of a name, also for those that do not answer.
        channel.whenComplete { result in
            do {
                let handler = HandshakeHandler(handshake, configuration: configuration, opened: opened)
                try result.get().pipeline.syncOperations.addHandler(handler)
            } catch {
                opened.fail(
                    WebSocketError(
                        code: .unreachable,
                        message: "cannot connect to \(target.host):\(target.port): \(error)"
                    )
                )
            }
        }
        // Whoever gives up, the channel must not stay open behind them.
        opened.futureResult.whenComplete { result in
            deadline.cancel()
            if case .failure = result { channel.whenSuccess { $0.close(promise: nil) } }
        }
        return try await withTaskCancellationHandler {
            try await opened.futureResult.get()
        } onCancel: {
            opened.fail(CancellationError())
        }
    }
}

extension TimeAmount {
    /// A duration to the nanosecond.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
