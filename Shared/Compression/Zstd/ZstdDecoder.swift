import CZstd

/// Reads `zstd-stream`: one frame that goes on for the whole connection, of which every chunk brings whole blocks.
///
/// zstd has no mark for a message's end as zlib's has; the WebSocket message is the mark (gateway documentation,
/// "zstd-stream"). A large one comes in several blocks.
final class ZstdDecoder: StreamDecoder {
    /// The largest window that is accepted, as a power of two: 8 MB, what RFC 8878 (3.1.1.1.2) wants every decoder to
    /// support. The compressor chooses the window, and a context keeps as much memory as that.
    private static let largestWindow: Int32 = 23
    /// What libzstd asks for next where a block has ended: the next block's header.
    private static let blockHeaderSize = 3

    private let context: OpaquePointer
    /// The bytes that libzstd would like to have next; 0 at the end of a frame.
    private var wanted = 0

    init() throws(CompressionError) {
        guard let context = ZSTD_createDStream() else {
            throw CompressionError(code: .outOfMemory, message: "zstd could not start a decoder")
        }
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.largestWindow)
        self.context = context
    }

    deinit {
        ZSTD_freeDStream(context)
    }

    func decode(
        _ input: inout UnsafeRawBufferPointer,
        into room: UnsafeMutableRawBufferPointer
    ) throws(CompressionError) -> Int {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
        // One call stops at a frame's end, and need not take all of a long input.
        repeat {
            let before = source.pos
            wanted = ZSTD_decompressStream(context, &target, &source)
            guard ZSTD_isError(wanted) == 0 else { throw failure(wanted) }
            if source.pos == before, target.pos < target.size { break }
        } while source.pos < source.size && target.pos < target.size
        input = UnsafeRawBufferPointer(rebasing: input[source.pos...])
        return target.pos
    }

    /// - Throws: `.corrupt` if the chunk was cut within a block: what follows would be taken for its rest.
    func endsMessage(_ chunk: UnsafeRawBufferPointer) throws(CompressionError) -> Bool {
        guard !chunk.isEmpty else { return false }
        guard wanted == Self.blockHeaderSize || wanted == 0 else {
            throw CompressionError(code: .corrupt, message: "a zstd message is cut off within a block")
        }
        return true
    }

    private func failure(_ code: Int) -> CompressionError {
        let detail = String(cString: ZSTD_getErrorName(code))
        switch ZSTD_getErrorCode(code) {
        case ZSTD_error_memory_allocation:
            return CompressionError(code: .outOfMemory, message: "zstd ran out of memory: \(detail)")
        case ZSTD_error_frameParameter_windowTooLarge:
            return CompressionError(
                code: .tooLarge,
                message: "the zstd stream needs a window of more than \(1 << Self.largestWindow) bytes"
            )
        default:
            return CompressionError(code: .corrupt, message: "not a zstd stream: \(detail)")
        }
    }
}
