import CZstd

/// Writes `zstd-stream`: one frame without an end, in which each message ends with a block.
final class ZstdEncoder: StreamEncoder {
    private let context: OpaquePointer
    /// What libzstd recommends for taking a whole block at once.
    private static let portion = ZSTD_CStreamOutSize()

    /// - Parameters:
    ///   - level: 1 (fast) to 19 (small); others are taken for the nearest.
    ///   - window: how far back matches may lie, as a power of two; nil for the level's own. Writer and reader both keep
    ///     as much memory as that.
    init(level: Int32, window: Int32?) throws(CompressionError) {
        guard let context = ZSTD_createCCtx() else {
            throw CompressionError(code: .outOfMemory, message: "zstd could not start an encoder")
        }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, min(max(level, 1), 19))
        if let window { ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window) }
        self.context = context
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    func encode(_ message: UnsafeRawBufferPointer, onto compressed: inout [UInt8]) throws(CompressionError) {
        var source = ZSTD_inBuffer(src: message.baseAddress, size: message.count, pos: 0)
        var remaining = 0
        repeat {
            withUnsafeTemporaryAllocation(byteCount: Self.portion, alignment: 16) { buffer in
                var target = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
                remaining = ZSTD_compressStream2(context, &target, &source, ZSTD_e_flush)
                compressed.append(contentsOf: buffer[..<target.pos])
            }
            guard ZSTD_isError(remaining) == 0 else {
                throw CompressionError(
                    code: .outOfMemory,
                    message: "zstd could not compress: \(String(cString: ZSTD_getErrorName(remaining)))"
                )
            }
        } while remaining > 0
    }
}
