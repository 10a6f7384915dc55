/// One connection's context of one algorithm, the owner of its C handle.
///
/// - Important: one thread at a time; ``StreamInflater`` sees to that.
protocol StreamDecoder: AnyObject {
    /// Decodes as much as there is room for and takes what it has read off the input.
    ///
    /// - Returns: the bytes written; fewer than there was room for means that all of the input was read.
    /// - Throws: `.corrupt`, `.outOfMemory`.
    func decode(
        _ input: inout UnsafeRawBufferPointer,
        into room: UnsafeMutableRawBufferPointer
    ) throws(CompressionError) -> Int

    /// Whether a message ends with the chunk that was decoded last.
    ///
    /// - Throws: `.corrupt` where only whole messages may come and this is none.
    func endsMessage(_ chunk: UnsafeRawBufferPointer) throws(CompressionError) -> Bool
}

/// One connection's context of one algorithm, the owner of its C handle.
///
/// - Important: one thread at a time; ``StreamDeflater`` sees to that.
protocol StreamEncoder: AnyObject {
    /// Appends the compressed bytes of one message, flushed so that its reader gets all of it.
    ///
    /// - Throws: `.outOfMemory`.
    func encode(_ message: UnsafeRawBufferPointer, onto compressed: inout [UInt8]) throws(CompressionError)
}
