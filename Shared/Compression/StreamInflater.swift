import CZlib

/// Inflates one connection's `zlib-stream`: chunks in, whole messages out.
///
/// One context lives as long as the connection. Discord ends each message with a sync flush, so a message is complete
/// when the compressed bytes end in `00 00 FF FF` (gateway documentation, "Transport Compression").
///
/// - Important: after an error the stream is lost; close the connection and start a new inflater.
package struct StreamInflater: ~Copyable, @unchecked Sendable {
    // Safe to send: the context is reached through this value alone, which cannot be copied, and zlib keeps no
    // thread-local state.
    private let stream: UnsafeMutablePointer<z_stream>
    private let maximumMessageSize: Int
    private var output: UnsafeMutableRawBufferPointer
    private var written = 0
    /// The last four compressed bytes, oldest first: a message's end may be split over chunks.
    private var tail: UInt32 = .max
    private var isFailed = false

    /// Kept between messages; a larger buffer is given back after the message that needed it.
    private static let usualCapacity = 64 * 1024

    /// - Parameter maximumMessageSize: most inflated bytes of one message; more is an error, for a few compressed
    ///   kilobytes can inflate to gigabytes.
    /// - Throws: `.outOfMemory`.
    package init(maximumMessageSize: Int = 16 * 1024 * 1024) throws(CompressionError) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 = the largest window; the header is zlib's own.
        guard inflateInit2_(stream, 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            stream.deallocate()
            throw CompressionError(code: .outOfMemory, message: "zlib could not start an inflater")
        }
        self.stream = stream
        self.maximumMessageSize = maximumMessageSize
        output = .allocate(byteCount: Self.usualCapacity, alignment: 16)
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        output.deallocate()
    }

    /// Takes the next compressed bytes and, if they end a message, hands its inflated bytes to the body.
    ///
    /// - Parameter body: called at most once; the bytes are valid inside it only.
    /// - Returns: the body's result, or nil if the message goes on in the next chunk.
    /// - Throws: `.corrupt` if the bytes are no zlib stream or it has ended, `.tooLarge` past the limit.
    package mutating func consume<Result>(
        _ chunk: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(CompressionError) -> Result? {
        guard !isFailed else { throw CompressionError(code: .corrupt, message: "the stream has already failed") }
        do {
            try inflate(chunk)
        } catch {
            isFailed = true
            throw error
        }
        for byte in chunk.suffix(4) { tail = tail << 8 | UInt32(byte) }
        guard tail == 0x0000_FFFF else { return nil }
        defer { finishMessage() }
        return body(UnsafeRawBufferPointer(rebasing: output[..<written]))
    }

    private mutating func inflate(_ chunk: UnsafeRawBufferPointer) throws(CompressionError) {
        guard let base = chunk.baseAddress, !chunk.isEmpty else { return }
        guard chunk.count <= maximumMessageSize else { throw tooLarge() }
        // zlib never writes to its input; the C declaration lacks the const.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(chunk.count)
        // Until the input is used up and the output was not filled: zlib may hold bytes back for want of room.
        while true {
            if written == output.count { try grow() }
            let room = min(output.count - written, maximumMessageSize - written)
            guard room > 0 else { throw tooLarge() }
            stream.pointee.next_out = output.baseAddress?.advanced(by: written).assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(room)
            let status = CZlib.inflate(stream, Z_SYNC_FLUSH)
            written += room - Int(stream.pointee.avail_out)
            switch status {
            case Z_OK, Z_BUF_ERROR:
                // Room left means that zlib has given all it could.
                if stream.pointee.avail_out > 0 {
                    guard stream.pointee.avail_in == 0 else { throw corrupt() }
                    return
                }
                if written == maximumMessageSize, stream.pointee.avail_in > 0 { throw tooLarge() }
                if written == maximumMessageSize { return }
            case Z_MEM_ERROR:
                throw CompressionError(code: .outOfMemory, message: "zlib ran out of memory")
            default:
                // Z_STREAM_END too: a transport stream ends with its connection, not before.
                throw corrupt()
            }
        }
    }

    private mutating func grow() throws(CompressionError) {
        guard output.count < maximumMessageSize else { throw tooLarge() }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(output.count * 2, max(maximumMessageSize, Self.usualCapacity)),
            alignment: 16
        )
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: output[..<written]))
        output.deallocate()
        output = larger
    }

    private mutating func finishMessage() {
        written = 0
        tail = .max
        if output.count > Self.usualCapacity * 4 {
            output.deallocate()
            output = .allocate(byteCount: Self.usualCapacity, alignment: 16)
        }
    }

    private func tooLarge() -> CompressionError {
        CompressionError(code: .tooLarge, message: "a message inflates to more than \(maximumMessageSize) bytes")
    }

    private func corrupt() -> CompressionError {
        let detail = stream.pointee.msg.map { String(cString: $0) } ?? "the stream ended or does not continue"
        return CompressionError(code: .corrupt, message: "not a zlib stream: \(detail)")
    }
}
