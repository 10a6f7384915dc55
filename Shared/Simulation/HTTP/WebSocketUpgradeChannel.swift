import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket

/// What a double does with one WebSocket: it reads `messages` until they end. The socket closes when it returns.
package typealias WebSocketHandler = @Sendable (WebSocketConnection) async -> Void

/// A Hummingbird child channel that speaks HTTP/1 and, where a handler wants the path, upgrades to a WebSocket.
///
/// Hummingbird's own WebSocket package is not among our dependencies; NIO's typed upgrader does the handshake.
struct WebSocketUpgradeChannel: HTTPChannelHandler {
    /// The largest frame taken from a peer; Discord's own limit on what clients send is 4096 bytes and is checked above.
    static let frameLimit = 1 << 20

    let responder: Responder
    /// The handler for a path and the headers of the answer; nil refuses. It is asked twice.
    let selectHandler: @Sendable (WebSocketRequest) -> (WebSocketHandler, HTTPHeaders)?

    enum Negotiated: Sendable {
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
        case webSocket(WebSocketConnection, WebSocketHandler)
        case refused
    }

    struct Value: ServerChildChannelValue {
        let negotiated: EventLoopFuture<Negotiated>
        let channel: any Channel
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let upgrader = NIOTypedWebSocketServerUpgrader<Negotiated>(
                maxFrameSize: Self.frameLimit,
                shouldUpgrade: { channel, head in
                    let headers = selectHandler(WebSocketRequest(head: head))?.1
                    return channel.eventLoop.makeSucceededFuture(headers)
                },
                upgradePipelineHandler: { channel, head in
                    channel.eventLoop.makeCompletedFuture {
                        let request = WebSocketRequest(head: head)
                        guard let (handler, _) = selectHandler(request) else { return .refused }
                        let connection = WebSocketConnection(request: request, channel: channel)
                        try channel.pipeline.syncOperations.addHandler(WebSocketFrameHandler(connection: connection))
                        return .webSocket(connection, handler)
                    }
                }
            )
            let upgrade = NIOTypedHTTPServerUpgradeConfiguration<Negotiated>(
                upgraders: [upgrader],
                notUpgradingCompletionHandler: { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
                        try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: nil, logger: logger))
                        return .http(
                            try NIOAsyncChannel(
                                wrappingChannelSynchronously: channel,
                                configuration: .init(isOutboundHalfClosureEnabled: true)
                            )
                        )
                    }
                }
            )
            var configuration = NIOUpgradableHTTPServerPipelineConfiguration(upgradeConfiguration: upgrade)
            configuration.enablePipelining = false
            configuration.enableErrorHandling = false
            configuration.enableResponseHeaderValidation = false
            let negotiated = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
                configuration: configuration
            )
            return Value(negotiated: negotiated, channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {
        let negotiated: Negotiated
        do {
            negotiated = try await value.negotiated.get()
        } catch {
            // The peer went away, or its handshake was refused, before it said what it wants.
            value.channel.close(promise: nil)
            return
        }
        switch negotiated {
        case .http(let channel):
            await handleHTTP(asyncChannel: channel, logger: logger)
        case .webSocket(let connection, let handler):
            await withTaskCancellationHandler {
                await handler(connection)
            } onCancel: {
                connection.drop()
            }
            connection.drop()
            try? await value.channel.closeFuture.get()
        case .refused:
            value.channel.close(promise: nil)
        }
    }
}
