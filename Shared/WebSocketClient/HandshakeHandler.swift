internal import NIOCore
internal import NIOWebSocket

/// Asks for the WebSocket on a channel that has just connected, and leaves when the server has agreed.
///
/// It stands in the place of NIO's HTTP client and upgrade handlers: those leave the pipeline one turn of the event loop
/// later, and drop what came behind the server's answer when the server has also closed by then.
final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Bytes that an answer's head may have.
    private static let headLimit = 16 * 1024
    private static let headEnd = Array("\r\n\r\n".utf8)

    private let handshake: Handshake
    private let configuration: WebSocketConfiguration
    private let opened: EventLoopPromise<WebSocketConnection>
    private var received = ByteBuffer()

    /// - Parameter opened: gets the open connection, or why there is none. It may be completed elsewhere, too.
    init(
        _ handshake: Handshake,
        configuration: WebSocketConfiguration,
        opened: EventLoopPromise<WebSocketConnection>
    ) {
        self.handshake = handshake
        self.configuration = configuration
        self.opened = opened
    }

    func handlerAdded(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: handshake.request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        guard let length = headLength else {
            if received.readableBytes > Self.headLimit { fail("the server's answer is too long", context) }
            return
        }
        let head = received.readString(length: length) ?? ""
        received.moveReaderIndex(forwardBy: Self.headEnd.count)
        do {
            try handshake.check(head)
            try open(context)
        } catch {
            opened.fail(error)
            context.close(promise: nil)
        }
    }

    /// Where the empty line begins that ends the head.
    private var headLength: Int? {
        received.readableBytesView.firstRange(of: Self.headEnd).map { $0.lowerBound - received.readerIndex }
    }

    private func open(_ context: ChannelHandlerContext) throws {
        let mailbox = InboundMailbox()
        let outcome = ConnectionOutcome()
        let handler = ConnectionHandler(configuration: configuration, mailbox: mailbox, outcome: outcome)
        let pipeline = context.pipeline.syncOperations
        try pipeline.addHandlers([WebSocketFrameEncoder(), handler], position: .after(self))
        opened.succeed(
            WebSocketConnection(
                channel: context.channel,
                mailbox: mailbox,
                outcome: outcome,
                handler: NIOLoopBound(handler, eventLoop: context.eventLoop)
            )
        )
        if received.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(received)) }
        pipeline.removeHandler(self, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail("the server closed the connection instead of opening a WebSocket", context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail("the connection failed before the WebSocket was open: \(error)", context)
    }

    private func fail(_ message: String, _ context: ChannelHandlerContext) {
        opened.fail(WebSocketError(code: .refused, message: message))
        context.close(promise: nil)
    }
}
