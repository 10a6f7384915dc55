import CZlib

/// Reads `zlib-stream`: a message is complete when the compressed bytes end in the `00 00 FF FF` of a sync flush.
final class ZlibDecoder: StreamDecoder {
    private let stream: UnsafeMutablePointer<z_stream>
    /// The last four compressed bytes, oldest first: a message's end may be split over chunks.
    private var tail: UInt32 = .max

    init() throws(CompressionError) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 = the largest window; the header is zlib's own.
        guard inflateInit2_(stream, 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            stream.deallocate()
            throw CompressionError(code: .outOfMemory, message: "zlib could not start an inflater")
        }
        self.stream = stream
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func decode(
        _ input: inout UnsafeRawBufferPointer,
        into room: UnsafeMutableRawBufferPointer
    ) throws(CompressionError) -> Int {
        // zlib never writes to its input; the C declaration lacks the const.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(room.count)
        let status = CZlib.inflate(stream, Z_SYNC_FLUSH)
        input = UnsafeRawBufferPointer(rebasing: input.suffix(Int(stream.pointee.avail_in)))
        switch status {
        case Z_OK, Z_BUF_ERROR:
            return room.count - Int(stream.pointee.avail_out)
        case Z_MEM_ERROR:
            throw CompressionError(code: .outOfMemory, message: "zlib ran out of memory")
        case Z_STREAM_END:
            // A transport stream ends with its connection, not before.
            throw CompressionError(code: .corrupt, message: "the zlib stream has ended before its connection")
        default:
            let detail = stream.pointee.msg.map { String(cString: $0) } ?? "status \(status)"
            throw CompressionError(code: .corrupt, message: "not a zlib stream: \(detail)")
        }
    }

    func endsMessage(_ chunk: UnsafeRawBufferPointer) -> Bool {
        for byte in chunk.suffix(4) { tail = tail << 8 | UInt32(byte) }
        guard tail == 0x0000_FFFF else { return false }
        tail = .max
        return true
    }
}
