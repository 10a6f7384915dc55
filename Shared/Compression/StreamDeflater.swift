import CZlib

/// Compresses one connection's `zlib-stream`: each message ends in a sync flush, `00 00 FF FF`.
///
/// The doubles use it to be a gateway; the bots never compress what they send.
package struct StreamDeflater: ~Copyable, @unchecked Sendable {
    // Safe to send for the same reason as `StreamInflater`.
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Parameter level: 1 (fast) to 9 (small).
    /// - Throws: `.outOfMemory`.
    package init(level: Int32 = 6) throws(CompressionError) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = deflateInit2_(
            stream,
            min(max(level, 1), 9),
            Z_DEFLATED,
            15,
            8,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard status == Z_OK else {
            stream.deallocate()
            throw CompressionError(code: .outOfMemory, message: "zlib could not start a deflater")
        }
        self.stream = stream
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// The compressed bytes of one message.
    ///
    /// - Throws: `.tooLarge` for a message over 2 GB, `.outOfMemory`.
    package mutating func deflate(_ message: UnsafeRawBufferPointer) throws(CompressionError) -> [UInt8] {
        guard message.count <= Int(Int32.max) else {
            throw CompressionError(code: .tooLarge, message: "a message of over 2 GB")
        }
        var compressed: [UInt8] = []
        compressed.reserveCapacity(message.count / 4 + 64)
        stream.pointee.next_in = message.baseAddress.map {
            UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self))
        }
        stream.pointee.avail_in = UInt32(message.count)
        var isFull = true
        while isFull {
            let produced = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16 * 1024) { buffer -> Int? in
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = UInt32(buffer.count)
                let status = CZlib.deflate(stream, Z_SYNC_FLUSH)
                guard status == Z_OK || status == Z_BUF_ERROR else { return nil }
                let count = buffer.count - Int(stream.pointee.avail_out)
                compressed.append(contentsOf: buffer[..<count])
                return count
            }
            guard let produced else {
                throw CompressionError(code: .outOfMemory, message: "zlib could not compress")
            }
            isFull = produced == 16 * 1024
        }
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
