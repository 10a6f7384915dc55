/// Inflates one connection's stream: chunks in, whole messages out.
///
/// One context lives as long as the connection. What ends a message depends on the algorithm: `zlib-stream` ends it with
/// `00 00 FF FF`, wherever that comes; in `zstd-stream` each chunk, which is a WebSocket message, is one.
///
/// - Important: after an error the stream is lost; close the connection and start a new inflater.
package struct StreamInflater: ~Copyable, @unchecked Sendable {
    // Safe to send: the context is reached through this value alone, which cannot be copied, and neither library keeps
    // thread-local state.
    /// Nil for a connection without compression, whose chunks pass as they are.
    private let decoder: (any StreamDecoder)?
    private let maximumMessageSize: Int
    private var output: UnsafeMutableRawBufferPointer
    private var written = 0
    private var isFailed = false

    /// Kept between messages; a larger buffer is given back after the message that needed it.
    private static let usualCapacity = 64 * 1024

    /// - Parameter maximumMessageSize: most inflated bytes of one message; more is an error, for a few compressed
    ///   kilobytes can inflate to gigabytes.
    /// - Throws: `.outOfMemory`.
    package init(
        _ compression: TransportCompression,
        maximumMessageSize: Int = 16 * 1024 * 1024
    ) throws(CompressionError) {
        switch compression {
        case .plain: decoder = nil
        case .zlibStream: decoder = try ZlibDecoder()
        case .zstdStream: decoder = try ZstdDecoder()
        }
        self.maximumMessageSize = maximumMessageSize
        output = .allocate(byteCount: decoder == nil ? 0 : Self.usualCapacity, alignment: 16)
    }

    deinit {
        output.deallocate()
    }

    /// Takes the next compressed bytes and, if they end a message, hands its inflated bytes to the body.
    ///
    /// - Parameter body: called at most once; the bytes are valid inside it only.
    /// - Returns: the body's result, or nil if the message goes on in the next chunk.
    /// - Throws: `.corrupt` if the bytes do not continue the stream, `.tooLarge` past the limit.
    package mutating func consume<Result>(
        _ chunk: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(CompressionError) -> Result? {
        guard !isFailed else { throw CompressionError(code: .corrupt, message: "the stream has already failed") }
        do throws(CompressionError) {
            guard chunk.count <= maximumMessageSize else { throw tooLarge() }
            guard let decoder else { return body(chunk) }
            try inflate(chunk, decoder)
            // A header or a flush alone is no message.
            guard try decoder.endsMessage(chunk), written > 0 else { return nil }
        } catch {
            isFailed = true
            throw error
        }
        defer { finishMessage() }
        return body(UnsafeRawBufferPointer(rebasing: output[..<written]))
    }

    private mutating func inflate(
        _ chunk: UnsafeRawBufferPointer,
        _ decoder: any StreamDecoder
    ) throws(CompressionError) {
        guard !chunk.isEmpty else { return }
        var input = chunk
        // Until the output was not filled: a decoder may hold bytes back for want of room although it has read all.
        while true {
            if written == output.count, written < maximumMessageSize { grow() }
            let room = min(output.count, maximumMessageSize) - written
            guard room > 0 else {
                // Exactly the limit, unless there is more.
                guard try isExhausted(&input, decoder) else { throw tooLarge() }
                return
            }
            let count = try decoder.decode(
                &input,
                into: UnsafeMutableRawBufferPointer(rebasing: output[written..<written + room])
            )
            written += count
            if count < room {
                guard input.isEmpty else {
                    throw CompressionError(code: .corrupt, message: "the stream does not continue")
                }
                return
            }
        }
    }

    /// Whether a decoder that has filled the last byte of the limit has nothing more to give.
    private func isExhausted(
        _ input: inout UnsafeRawBufferPointer,
        _ decoder: any StreamDecoder
    ) throws(CompressionError) -> Bool {
        var spare: UInt8 = 0
        var count = 0
        try withUnsafeMutableBytes(of: &spare) { byte throws(CompressionError) in
            count = try decoder.decode(&input, into: byte)
        }
        return count == 0
    }

    private mutating func grow() {
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
        if output.count > Self.usualCapacity * 4 {
            output.deallocate()
            output = .allocate(byteCount: Self.usualCapacity, alignment: 16)
        }
    }

    private func tooLarge() -> CompressionError {
        CompressionError(code: .tooLarge, message: "a message inflates to more than \(maximumMessageSize) bytes")
    }
}
