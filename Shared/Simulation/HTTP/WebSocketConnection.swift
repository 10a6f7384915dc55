import NIOCore
import NIOWebSocket
import Synchronization

/// The server's end of one WebSocket: what the doubles write to and read from.
///
/// Sending is a synchronous enqueue from any thread; messages leave in the order of the calls, many of them in one
/// write. The queue is bounded in bytes: a peer that does not read is dropped without a close frame, as Discord does.
package final class WebSocketConnection: Sendable {
    /// Bytes that may wait for a slow peer before it is dropped.
    static let outgoingLimit = 64 << 20
    /// Messages that may wait for the double to read them.
    static let incomingLimit = 1024

    private enum Outgoing {
        case message(WebSocketMessage)
        /// A binary message as it is, past the function of `transformOutgoing`.
        case raw([UInt8])
        case close(code: UInt16, reason: String)
        case drop
        case cut(WebSocketMessage)
    }

    private struct State {
        var queue: [Outgoing] = []
        var waitingBytes = 0
        var drainScheduled = false
        var isOpen = true
        var closeCode: UInt16?
    }

    package let request: WebSocketRequest
    /// The peer's messages; ends when the connection does.
    package let messages: AsyncStream<WebSocketMessage>

    private let channel: any Channel
    private let outlet: NIOLoopBound<WebSocketFrameHandler>
    private let incoming: AsyncStream<WebSocketMessage>.Continuation
    private let state = Mutex(State())
    private let transform = Mutex<(@Sendable ([UInt8]) -> [UInt8])?>(nil)

    init(request: WebSocketRequest, channel: any Channel, outlet: NIOLoopBound<WebSocketFrameHandler>) {
        self.request = request
        self.channel = channel
        self.outlet = outlet
        (messages, incoming) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.incomingLimit))
    }

    /// The code of the peer's close frame; nil when it sent none or the connection still lives.
    package var peerCloseCode: UInt16? { state.withLock { $0.closeCode } }

    package var isOpen: Bool { state.withLock { $0.isOpen } }

    /// Passes the payload of every later message through a function, in order (transport compression); such messages
    /// leave as binary ones.
    package func transformOutgoing(_ function: @escaping @Sendable ([UInt8]) -> [UInt8]) {
        transform.withLock { $0 = function }
    }

    /// Queues a message; false when the connection is closed, or was dropped because the peer does not read.
    @discardableResult
    package func send(_ message: WebSocketMessage) -> Bool {
        enqueue(.message(message), bytes: message.bytes.count)
    }

    /// Queues a binary message that no function is applied to: what a broken server or network could send.
    package func sendRaw(_ bytes: [UInt8]) {
        enqueue(.raw(bytes), bytes: bytes.count)
    }

    /// Sends a close frame after everything queued, then closes.
    package func close(code: UInt16, reason: String = "") {
        enqueue(.close(code: code, reason: reason), bytes: 0)
    }

    /// Cuts the TCP connection after everything queued, without a close frame.
    package func drop() {
        enqueue(.drop, bytes: 0)
    }

    /// Sends half of a message's frame after everything queued, then cuts the TCP connection.
    package func cut(_ message: WebSocketMessage) {
        enqueue(.cut(message), bytes: 0)
    }

    @discardableResult
    private func enqueue(_ item: Outgoing, bytes: Int) -> Bool {
        let (accepted, schedule) = state.withLock { state -> (Bool, Bool) in
            guard state.isOpen else { return (false, false) }
            state.waitingBytes += bytes
            if state.waitingBytes > Self.outgoingLimit {
                state.queue = [.drop]
                state.isOpen = false
            } else {
                state.queue.append(item)
                switch item {
                case .message, .raw: break
                case .close, .drop, .cut: state.isOpen = false
                }
            }
            let schedule = !state.drainScheduled
            state.drainScheduled = true
            return (state.isOpen, schedule)
        }
        if schedule { channel.eventLoop.execute { self.drain() } }
        return accepted
    }

    /// Writes what is queued in one flush. Runs on the channel's event loop, hence one drain at a time.
    private func drain() {
        let batch = state.withLock { state in
            defer { state.queue = [] }
            state.drainScheduled = false
            return state.queue
        }
        let encode = transform.withLock { $0 }
        var frames: [WebSocketFrame] = []
        frames.reserveCapacity(batch.count)
        var bytes = 0
        var end: Outgoing?
        for item in batch {
            switch item {
            case .message(let message):
                bytes += message.bytes.count
                let payload = encode?(message.bytes) ?? message.bytes
                let opcode: WebSocketOpcode = encode == nil && message.kind == .text ? .text : .binary
                frames.append(WebSocketFrame(fin: true, opcode: opcode, data: ByteBuffer(bytes: payload)))
            case .raw(let payload):
                bytes += payload.count
                frames.append(WebSocketFrame(fin: true, opcode: .binary, data: ByteBuffer(bytes: payload)))
            case .close(let code, let reason):
                var data = ByteBuffer()
                data.writeInteger(code)
                data.writeString(reason)
                frames.append(WebSocketFrame(fin: true, opcode: .connectionClose, data: data))
                end = item
            case .drop, .cut:
                end = item
            }
        }
        write(frames, bytes: bytes)
        switch end {
        case .drop:
            channel.close(promise: nil)
        case .cut(let message):
            let payload = encode?(message.bytes) ?? message.bytes
            outlet.value.writeHalf(payload, opcode: encode == nil && message.kind == .text ? .text : .binary)
            channel.close(promise: nil)
        case .close:
            // The peer answers with its own close frame; if it does not, the socket closes anyway.
            channel.eventLoop.scheduleTask(in: .seconds(2)) { [channel] in channel.close(promise: nil) }
        case .message, .raw, nil:
            break
        }
    }

    private func write(_ frames: [WebSocketFrame], bytes: Int) {
        guard !frames.isEmpty else { return }
        let written = channel.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenComplete { [weak self] _ in
            self?.state.withLock { $0.waitingBytes -= bytes }
        }
        outlet.value.write(frames, promise: written)
    }

    // MARK: - Called by the channel handler

    func received(_ message: WebSocketMessage) {
        if case .dropped = incoming.yield(message) { close(code: 1008, reason: "too many messages waiting") }
    }

    func peerClosed(code: UInt16?) {
        state.withLock { state in
            state.closeCode = code
            state.isOpen = false
        }
    }

    func ended() {
        state.withLock { state in
            state.isOpen = false
            state.queue = []
        }
        incoming.finish()
    }
}
