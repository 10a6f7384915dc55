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
    /// The handler for a path and further headers of the answer; nil leaves the request to HTTP.
    let selectHandler: @Sendable (WebSocketRequest) -> (WebSocketHandler, HTTPHeaders)?

    /// A connection that nobody reads yet. It is no `NIOAsyncChannel` before it is handled: a server that is cancelled
    /// drops what it has accepted and not yet handled, and to drop one of those ends the process.
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        /// The WebSocket, if the connection becomes one; ends with the connection.
        let upgrades: AsyncStream<Upgrade>
    }

    struct Upgrade: Sendable {
        let connection: WebSocketConnection
        let handler: WebSocketHandler
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.syncOptions?.setOption(.autoRead, value: false)
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
            return Value(channel: channel, upgrades: upgrades)
        }
    }

    /// The connection as a sequence of requests, which from now on are read.
    private func reading(_ channel: any Channel) -> EventLoopFuture<NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>>
    {
        channel.eventLoop.submit {
            let http = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true)
            )
            channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
            return http
        }
    }

    func handle(value: Value, logger: Logger) async {
        let http: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
        do {
            http = try await reading(value.channel).get()
        } catch {
            logger.debug("a connection ended before it was handled", metadata: ["error": "\(error)"])
            return value.channel.close(promise: nil)
        }
        await withTaskGroup(of: Void.self) { group in
            // Goes on to wait for the next request while the connection is a WebSocket, and ends with it.
            group.addTask { await handleHTTP(asyncChannel: http, logger: logger) }
            for await upgrade in value.upgrades {
                await withTaskCancellationHandler {
                    await upgrade.handler(upgrade.connection)
                } onCancel: {
                    upgrade.connection.drop()
                }
                upgrade.connection.drop()
            }
        }
    }
}
