import NIOCore
import NIOWebSocket

/// Joins fragments to messages, answers pings and close frames, and hands the rest to its connection.
final class WebSocketFrameHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// The most bytes that one message may have over all its fragments.
    static let messageLimit = 1 << 20

    /// Set before the handler is added.
    var connection: WebSocketConnection?
    private var context: ChannelHandlerContext?
    private var partial: (kind: WebSocketMessage.Kind, bytes: [UInt8])?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    /// Writes frames from here on, past the idle HTTP handlers, in one flush.
    func write(_ frames: [WebSocketFrame], promise: EventLoopPromise<Void>) {
        guard let context, let last = frames.last else { return promise.fail(ChannelError.ioOnClosedChannel) }
        for frame in frames.dropLast() { context.write(wrapOutboundOut(frame), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(last), promise: promise)
    }

    /// Writes the head of a frame and half of its payload, which no frame encoder does.
    func writeHalf(_ payload: [UInt8], opcode: WebSocketOpcode) {
        var bytes = ByteBuffer()
        bytes.writeInteger(0x80 | UInt8(webSocketOpcode: opcode))
        // RFC 6455, section 5.2; servers do not mask.
        switch payload.count {
        case ..<126: bytes.writeInteger(UInt8(payload.count))
        case ...0xFFFF: bytes.writeMultipleIntegers(UInt8(126), UInt16(payload.count))
        default: bytes.writeMultipleIntegers(UInt8(127), UInt64(payload.count))
        }
        bytes.writeBytes(payload.prefix(payload.count / 2))
        guard let pipeline = context?.pipeline.syncOperations,
            let encoder = try? pipeline.context(handlerType: WebSocketFrameEncoder.self)
        else { return }
        encoder.writeAndFlush(NIOAny(bytes), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        var payload = frame.unmaskedData
        switch frame.opcode {
        case .text, .binary:
            guard partial == nil else { return fail(1002, "new message inside a fragmented one") }
            append(
                kind: frame.opcode == .text ? .text : .binary,
                Array(payload.readableBytesView),
                isLast: frame.fin
            )
        case .continuation:
            guard let kind = partial?.kind else { return fail(1002, "continuation of nothing") }
            append(kind: kind, Array(payload.readableBytesView), isLast: frame.fin)
        case .ping:
            let pong = WebSocketFrame(fin: true, opcode: .pong, data: payload)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .connectionClose:
            let code = payload.readInteger(as: UInt16.self)
            connection?.peerClosed(code: code)
            var answer = ByteBuffer()
            if let code { answer.writeInteger(code) }
            let close = WebSocketFrame(fin: true, opcode: .connectionClose, data: answer)
            context.writeAndFlush(wrapOutboundOut(close), promise: nil)
            context.close(promise: nil)
        default:
            break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection?.ended()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Hummingbird allows half-closed sockets; a WebSocket whose peer hung up has nothing left to say.
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A malformed frame or a reset: either way this connection is over.
        context.close(promise: nil)
    }

    private func append(kind: WebSocketMessage.Kind, _ bytes: [UInt8], isLast: Bool) {
        var whole = partial?.bytes ?? []
        whole.append(contentsOf: bytes)
        guard whole.count <= Self.messageLimit else { return fail(1009, "message too big") }
        if isLast {
            partial = nil
            connection?.received(WebSocketMessage(kind: kind, bytes: whole))
        } else {
            partial = (kind, whole)
        }
    }

    private func fail(_ code: UInt16, _ reason: String) {
        partial = nil
        connection?.close(code: code, reason: reason)
    }
}
