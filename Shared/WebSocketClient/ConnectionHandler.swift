internal import NIOCore
internal import NIOSSL
internal import NIOWebSocket
import Synchronization

/// The open connection on its channel: decodes, answers pings and closes, keeps the mailbox filled.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let configuration: WebSocketConfiguration
    private let mailbox: InboundMailbox
    private let outcome: ConnectionOutcome
    private var decoder: FrameDecoder
    private var batch: [WebSocketMessage] = []
    private var isPaused = false
    private var isReadWanted = false
    private var isClosing = false
    private var hasHeardSincePing = true
    private var pings: RepeatedTask?

    init(configuration: WebSocketConfiguration, mailbox: InboundMailbox, outcome: ConnectionOutcome) {
        self.configuration = configuration
        self.mailbox = mailbox
        self.outcome = outcome
        decoder = FrameDecoder(maximumMessageSize: configuration.maximumMessageSize)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        guard let interval = configuration.pingInterval.map({ TimeAmount($0) }) else { return }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        pings = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            let (handler, context) = bound.value
            handler.ping(context)
        }
    }

    private func ping(_ context: ChannelHandlerContext) {
        guard hasHeardSincePing else {
            finish(.success(()), context)
            return
        }
        hasHeardSincePing = false
        write(.ping, ByteBuffer(), context)
    }

    // MARK: - Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasHeardSincePing = true
        guard !isClosing else { return }
        decoder.append(unwrapInboundIn(data))
        do {
            while !isClosing, let event = try decoder.next() {
                switch event {
                case .message(let message): batch.append(message)
                case .ping(let payload): write(.pong, payload, context)
                case .pong: break
                case .close(let closure): receivedClose(closure, context)
                }
            }
        } catch {
            flushBatch()
            sendClose(error.code == .tooLarge ? .tooLarge : .protocolError, context)
            finish(.failure(error), context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flushBatch()
        context.fireChannelReadComplete()
    }

    private func flushBatch() {
        guard !batch.isEmpty else { return }
        if !mailbox.add(batch) { isPaused = true }
        batch.removeAll(keepingCapacity: true)
    }

    func read(context: ChannelHandlerContext) {
        if isPaused {
            isReadWanted = true
        } else {
            context.read()
        }
    }

    /// The reader has caught up.
    func resumeReading(_ context: ChannelHandlerContext) {
        guard isPaused else { return }
        isPaused = false
        if isReadWanted {
            isReadWanted = false
            context.read()
        }
    }

    private func receivedClose(_ closure: WebSocketClosure, _ context: ChannelHandlerContext) {
        outcome.closed(closure)
        flushBatch()
        // Answered in kind, whichever side began (RFC 6455, 5.5.1).
        sendClose(closure.code.flatMap { $0.isSendable ? $0 : nil } ?? .normal, context)
        finish(.success(()), context)
    }

    // MARK: - The end

    func channelInactive(context: ChannelHandlerContext) {
        flushBatch()
        finish(.success(()), context)
        context.fireChannelInactive()
    }

    /// A peer that drops TCP or TLS without a word has closed; that is no fault of the protocol's.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        flushBatch()
        finish(.success(()), context)
    }

    private func sendClose(_ code: WebSocketCloseCode, _ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        var payload = context.channel.allocator.buffer(capacity: 2)
        payload.writeInteger(code.rawValue)
        write(.connectionClose, payload, context)
    }

    private func finish(_ end: Result<Void, WebSocketError>, _ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        isClosing = true
        pings?.cancel()
        pings = nil
        outcome.ended()
        mailbox.finish(end)
        context.close(promise: nil)
    }

    private func write(_ opcode: WebSocketOpcode, _ payload: ByteBuffer, _ context: ChannelHandlerContext) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: payload)
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }
}

/// How a connection ended, kept for whoever asks after the end.
final class ConnectionOutcome: Sendable {
    private struct State {
        var closure: WebSocketClosure?
        var hasEnded = false
    }

    private let state = Mutex(State())

    func closed(_ closure: WebSocketClosure) {
        state.withLock { $0.closure = $0.closure ?? closure }
    }

    func ended() {
        state.withLock { $0.hasEnded = true }
    }

    var closure: WebSocketClosure? {
        state.withLock { $0.closure }
    }

    /// Whether nothing can be sent any more, though the socket may take a moment longer to close.
    var hasEnded: Bool {
        state.withLock { $0.hasEnded }
    }
}
