extension Socket {
    /// Appends the messages that wait to `batch`, up to a number of messages or about a number of bytes.
    ///
    /// - Parameter frame: room to receive into.
    /// - Returns: whether a limit ended it, so that more may be waiting.
    package func receive(
        into batch: inout MessageBatch,
        frame: Frame,
        messages: Int,
        bytes: Int
    ) throws(ZeroMQError) -> Bool {
        var remaining = messages
        while remaining > 0, batch.byteCount < bytes {
            guard try receive(into: frame) else { return false }
            batch.append(frame: frame.unsafeBytes)
            while frame.hasMore {
                guard try receive(into: frame) else { break }
                batch.append(frame: frame.unsafeBytes)
            }
            batch.endMessage()
            remaining -= 1
        }
        return true
    }
}
