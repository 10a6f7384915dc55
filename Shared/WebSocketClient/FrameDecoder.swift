internal import NIOCore

/// The receiving half of the protocol as a value: bytes in, whole messages and control frames out.
///
/// Frames of a server are never masked and, without negotiated extensions, have no reserved bits (RFC 6455, 5.1 and 5.2).
struct FrameDecoder {
    enum Event: Equatable {
        case message(WebSocketMessage)
        case ping(ByteBuffer)
        case pong
        case close(WebSocketClosure)
    }

    private let maximumMessageSize: Int
    private var buffer = ByteBuffer()
    /// The message whose last fragment has not come yet.
    private var unfinished: WebSocketMessage?

    init(maximumMessageSize: Int) {
        self.maximumMessageSize = maximumMessageSize
    }

    /// Takes what the socket gave.
    mutating func append(_ bytes: ByteBuffer) {
        var bytes = bytes
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else if buffer.readerIndex == 0 {
            // Nobody holds a part of it yet: it grows in place.
            buffer.writeBuffer(&bytes)
        } else {
            // Messages that were taken from it still hold it. Only the frame that is not whole yet moves on; to append
            // would copy, and keep, all that has been read.
            var next = ByteBuffer()
            next.reserveCapacity(buffer.readableBytes + bytes.readableBytes)
            next.writeBuffer(&buffer)
            next.writeBuffer(&bytes)
            buffer = next
        }
    }

    /// The next event, or nil until more bytes come.
    ///
    /// - Throws: `.protocolViolation` or `.tooLarge`; the connection cannot go on after either.
    mutating func next() throws(WebSocketError) -> Event? {
        while let frame = try nextFrame() {
            switch frame.opcode {
            case 0x0:
                guard var message = unfinished else { throw violation("a continuation of nothing") }
                guard message.payload.readableBytes + frame.payload.readableBytes <= maximumMessageSize else {
                    throw tooLarge()
                }
                var payload = frame.payload
                // Cleared first, so that the buffer has one owner and grows in place.
                unfinished = nil
                message.payload.writeBuffer(&payload)
                if frame.isFinal { return .message(message) }
                unfinished = message
            case 0x1, 0x2:
                guard unfinished == nil else { throw violation("a message inside another") }
                let message = WebSocketMessage(kind: frame.opcode == 0x1 ? .text : .binary, payload: frame.payload)
                if frame.isFinal { return .message(message) }
                unfinished = message
            case 0x8:
                return .close(try closure(frame.payload))
            case 0x9:
                return .ping(frame.payload)
            case 0xA:
                return .pong
            default:
                throw violation("opcode \(frame.opcode)")
            }
        }
        return nil
    }

    private struct Frame {
        var isFinal: Bool
        var opcode: UInt8
        var payload: ByteBuffer
    }

    private mutating func nextFrame() throws(WebSocketError) -> Frame? {
        var reader = buffer
        guard let first = reader.readInteger(as: UInt8.self), let second = reader.readInteger(as: UInt8.self) else {
            return nil
        }
        let opcode = first & 0x0F
        guard first & 0x70 == 0 else { throw violation("reserved bits without an extension") }
        guard second & 0x80 == 0 else { throw violation("a masked frame from a server") }
        let isFinal = first & 0x80 != 0
        var length = UInt64(second & 0x7F)
        if opcode >= 0x8, !isFinal || length > 125 {
            throw violation("a control frame that is split or over 125 bytes")
        }
        if length == 126 {
            guard let long = reader.readInteger(as: UInt16.self) else { return nil }
            length = UInt64(long)
        } else if length == 127 {
            guard let long = reader.readInteger(as: UInt64.self) else { return nil }
            length = long
        }
        // Before the bytes come: a header alone must not make us wait for, or hold, more than we take.
        guard length <= UInt64(maximumMessageSize) else { throw tooLarge() }
        guard let payload = reader.readSlice(length: Int(length)) else { return nil }
        buffer = reader
        return Frame(isFinal: isFinal, opcode: opcode, payload: payload)
    }

    private func closure(_ payload: ByteBuffer) throws(WebSocketError) -> WebSocketClosure {
        var payload = payload
        guard payload.readableBytes > 0 else { return WebSocketClosure(code: nil) }
        guard let code = payload.readInteger(as: UInt16.self) else { throw violation("half a close code") }
        return WebSocketClosure(
            code: WebSocketCloseCode(rawValue: code),
            reason: payload.readString(length: payload.readableBytes) ?? ""
        )
    }

    private func violation(_ what: String) -> WebSocketError {
        WebSocketError(code: .protocolViolation, message: "the peer broke the WebSocket protocol: \(what)")
    }

    private func tooLarge() -> WebSocketError {
        WebSocketError(code: .tooLarge, message: "a WebSocket message of more than \(maximumMessageSize) bytes")
    }
}
