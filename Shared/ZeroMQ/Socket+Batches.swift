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

    /// Sends the messages of `batch` from index `start` on.
    ///
    /// - Returns: the index of the first message that was not sent because the socket would have to wait.
    package func send(_ batch: MessageBatch, from start: Int) throws(ZeroMQError) -> Int {
        try batch.bytes.withUnsafeBytes { bytes in
            Result { () throws(ZeroMQError) -> Int in
                for message in start..<batch.count {
                    let frames = batch.frames(of: message)
                    for frame in frames {
                        let slice = UnsafeRawBufferPointer(rebasing: bytes[batch.range(ofFrame: frame)])
                        // Only the first frame can be refused: libzmq takes or refuses messages whole.
                        guard try self.send(slice, more: frame + 1 < frames.upperBound) else { return message }
                    }
                }
                return batch.count
            }
        }.get()
    }
}
