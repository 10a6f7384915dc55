import Crypto
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Turns an HTTP/1 connection into a WebSocket when a request asks for it (RFC 6455, section 4.2).
///
/// Everything behind it in the pipeline keeps waiting for requests that no longer come.
final class WebSocketSwitchHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// The largest frame taken from a peer; Discord's own limit on what clients send is 4096 bytes and is checked above.
    private static let frameLimit = 1 << 20
    /// RFC 6455, section 1.3.
    private static let handshakeSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    private struct Pending {
        let request: WebSocketRequest
        let handler: WebSocketHandler
        let extraHeaders: HTTPHeaders
        let key: String
    }

    private let encoder: HTTPResponseEncoder
    private let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    private let select: @Sendable (WebSocketRequest) -> (WebSocketHandler, HTTPHeaders)?
    private let upgrades: AsyncStream<WebSocketUpgradeChannel.Upgrade>.Continuation
    private var pending: Pending?

    init(
        encoder: HTTPResponseEncoder,
        decoder: ByteToMessageHandler<HTTPRequestDecoder>,
        select: @escaping @Sendable (WebSocketRequest) -> (WebSocketHandler, HTTPHeaders)?,
        upgrades: AsyncStream<WebSocketUpgradeChannel.Upgrade>.Continuation
    ) {
        self.encoder = encoder
        self.decoder = decoder
        self.select = select
        self.upgrades = upgrades
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            pending = wanted(head)
            if pending == nil { context.fireChannelRead(data) }
        case .body:
            if pending == nil { context.fireChannelRead(data) }
        case .end:
            guard let pending else { return context.fireChannelRead(data) }
            upgrade(pending, context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        upgrades.finish()
        context.fireChannelInactive()
    }

    /// A connection that is closed before it is active hears of no end.
    func handlerRemoved(context: ChannelHandlerContext) {
        upgrades.finish()
    }

    private func wanted(_ head: HTTPRequestHead) -> Pending? {
        guard head.headers["upgrade"].contains(where: { $0.lowercased() == "websocket" }),
            head.headers.first(name: "sec-websocket-version") == "13",
            let key = head.headers.first(name: "sec-websocket-key")
        else { return nil }
        let request = WebSocketRequest(head: head)
        return select(request).map { Pending(request: request, handler: $0, extraHeaders: $1, key: key) }
    }

    private func upgrade(_ pending: Pending, _ context: ChannelHandlerContext) {
        self.pending = nil
        let digest = Insecure.SHA1.hash(data: Array((pending.key + Self.handshakeSuffix).utf8))
        var headers: HTTPHeaders = [
            "Upgrade": "websocket", "Connection": "Upgrade",
            "Sec-WebSocket-Accept": Data(digest).base64EncodedString(),
        ]
        headers.add(contentsOf: pending.extraHeaders)
        let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        let pipeline = context.pipeline.syncOperations
        let connection: WebSocketConnection
        do {
            let frames = WebSocketFrameHandler()
            connection = WebSocketConnection(
                request: pending.request,
                channel: context.channel,
                outlet: NIOLoopBound(frames, eventLoop: context.eventLoop)
            )
            frames.connection = connection
            try pipeline.addHandlers(
                WebSocketFrameEncoder(),
                ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: Self.frameLimit)),
                frames,
                position: .before(self)
            )
        } catch {
            return context.close(promise: nil)
        }
        // Last, for it hands bytes that followed the request to the frame decoder.
        _ = pipeline.removeHandler(encoder)
        _ = pipeline.removeHandler(decoder)
        upgrades.yield(WebSocketUpgradeChannel.Upgrade(connection: connection, handler: pending.handler))
    }
}
