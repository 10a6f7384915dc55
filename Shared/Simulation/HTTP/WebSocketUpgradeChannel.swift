import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// What a double does with one WebSocket: it reads `messages` until they end. The socket closes when it returns.
package typealias WebSocketHandler = @Sendable (WebSocketConnection) async -> Void

/// A Hummingbird child channel that speaks HTTP/1 and, where a handler wants the path, upgrades to a WebSocket.
///
/// Hummingbird's own WebSocket package is not among our dependencies. NIO's upgraders look only at a connection's first
/// request, but aiohttp asks for its WebSocket on a connection that it has used for REST before, for here both are one
/// host; so ``WebSocketSwitchHandler`` looks at each request.
struct WebSocketUpgradeChannel: HTTPChannelHandler {
    let responder: Responder
    let channels: OpenChannels
    /// The handler for a path and further headers of the answer; nil leaves the request to HTTP.
    let selectHandler: @Sendable (WebSocketRequest) -> (WebSocketHandler, HTTPHeaders)?

    struct Value: ServerChildChannelValue {
        let http: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
        /// The WebSocket, if the connection becomes one; ends with the connection.
        let upgrades: AsyncStream<Upgrade>

        var channel: any Channel { http.channel }
    }

    struct Upgrade: Sendable {
        let connection: WebSocketConnection
        let handler: WebSocketHandler
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let (upgrades, continuation) = AsyncStream<Upgrade>.makeStream(bufferingPolicy: .bufferingOldest(1))
            let encoder = HTTPResponseEncoder()
            let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
            try pipeline.addHandlers(
                encoder,
                decoder,
                WebSocketSwitchHandler(
                    encoder: encoder,
                    decoder: decoder,
                    select: selectHandler,
                    upgrades: continuation
                )
            )
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: nil, logger: logger))
            let http = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true)
            )
            // Last: a connection that is closed before its handlers are complete leaves some of them waiting.
            channels.opened(channel)
            return Value(http: http, upgrades: upgrades)
        }
    }

    func handle(value: Value, logger: Logger) async {
        await channels.handle {
            await withTaskGroup(of: Void.self) { group in
                // Goes on to wait for the next request while the connection is a WebSocket, and ends with it.
                group.addTask { await handleHTTP(asyncChannel: value.http, logger: logger) }
                group.addTask { await handleWebSockets(value.upgrades) }
            }
        }
    }

    private func handleWebSockets(_ upgrades: AsyncStream<Upgrade>) async {
        for await upgrade in upgrades {
            await withTaskCancellationHandler {
                await upgrade.handler(upgrade.connection)
            } onCancel: {
                upgrade.connection.drop()
            }
            upgrade.connection.drop()
        }
    }
}
