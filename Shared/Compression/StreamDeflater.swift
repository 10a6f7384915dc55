/// Compresses one connection's stream: each message is flushed, so that its reader has all of it.
///
/// The doubles use it to be a gateway; the bots never compress what they send.
package struct StreamDeflater: ~Copyable, @unchecked Sendable {
    // Safe to send for the same reason as `StreamInflater`.
    private let encoder: (any StreamEncoder)?

    /// - Parameters:
    ///   - level: 1 (fast) to 9 (small), where the algorithm has levels.
    ///   - window: for zstd, how far back matches may lie, as a power of two; nil for the level's own.
    /// - Throws: `.outOfMemory`.
    package init(
        _ compression: TransportCompression,
        level: Int32 = 6,
        window: Int32? = nil
    ) throws(CompressionError) {
        switch compression {
        case .plain: encoder = nil
        case .zlibStream: encoder = try ZlibEncoder(level: level)
        case .zstdStream: encoder = try ZstdEncoder(level: level, window: window)
        }
    }

    /// The compressed bytes of one message.
    ///
    /// - Throws: `.tooLarge` for a message over 2 GB, `.outOfMemory`.
    package mutating func deflate(_ message: UnsafeRawBufferPointer) throws(CompressionError) -> [UInt8] {
        guard message.count <= Int(Int32.max) else {
            throw CompressionError(code: .tooLarge, message: "a message of over 2 GB")
        }
        guard let encoder else { return Array(message) }
        var compressed: [UInt8] = []
        compressed.reserveCapacity(message.count / 4 + 64)
        try encoder.encode(message, onto: &compressed)
        return compressed
    }

    /// The compressed bytes of one message.
    package mutating func deflate(_ message: [UInt8]) throws(CompressionError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: message.count, alignment: 1)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: message)
        return try deflate(UnsafeRawBufferPointer(buffer))
    }
}
