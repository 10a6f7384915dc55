import CZeroMQ

/// One `zmq_msg_t`: the room that a frame is received into, and from which it can be passed on without copying.
///
/// Meant to be made once and used again for every frame: receiving into it frees what it held.
package final class Frame {
    let message: UnsafeMutablePointer<zmq_msg_t>

    package init() {
        message = .allocate(capacity: 1)
        // Cannot fail: it only writes the struct (zmq_msg_init(3): "always returns zero").
        zmq_msg_init(message)
    }

    deinit {
        zmq_msg_close(message)
        message.deallocate()
    }

    package var count: Int { zmq_msg_size(message) }

    /// Whether more frames of the same message follow.
    package var hasMore: Bool { zmq_msg_more(message) != 0 }

    /// The bytes, valid inside `body` only.
    package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(unsafeBytes)
    }

    /// The bytes, valid until the frame is received into, sent or freed: for the path that runs for every message, where
    /// a generic closure of another module is called and not inlined.
    package var unsafeBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: zmq_msg_data(message), count: zmq_msg_size(message))
    }

    /// A copy of the bytes.
    package var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

    /// Who sent the frame, as the ZAP handler named it at log-in; nil without security.
    package var userID: String? {
        guard let text = zmq_msg_gets(message, "User-Id") else { return nil }
        return String(cString: text)
    }

    /// The sender's name without making a string of it, valid for as long as `unsafeBytes`.
    package var unsafeUserID: UnsafePointer<CChar>? { zmq_msg_gets(message, "User-Id") }
}

/// A frame belongs to the thread of its socket.
@available(*, unavailable)
extension Frame: Sendable {}
