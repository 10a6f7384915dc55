import CZlib

/// Writes `zlib-stream`: each message ends in a sync flush, `00 00 FF FF`.
final class ZlibEncoder: StreamEncoder {
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Parameter level: 1 (fast) to 9 (small); others are taken for the nearest.
    init(level: Int32) throws(CompressionError) {
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

    func encode(_ message: UnsafeRawBufferPointer, onto compressed: inout [UInt8]) throws(CompressionError) {
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: message.baseAddress?.assumingMemoryBound(to: UInt8.self)
        )
        stream.pointee.avail_in = UInt32(message.count)
        var isFull = true
        while isFull {
            let isWell = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16 * 1024) { buffer in
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = UInt32(buffer.count)
                let status = CZlib.deflate(stream, Z_SYNC_FLUSH)
                guard status == Z_OK || status == Z_BUF_ERROR else { return false }
                isFull = stream.pointee.avail_out == 0
                compressed.append(contentsOf: buffer.dropLast(Int(stream.pointee.avail_out)))
                return true
            }
            guard isWell else { throw CompressionError(code: .outOfMemory, message: "zlib could not compress") }
        }
    }
}
