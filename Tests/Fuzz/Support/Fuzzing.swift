/// Hands an input of libFuzzer's to a body; the bytes are valid inside it only.
///
/// - Returns: what `LLVMFuzzerTestOneInput` has to return.
package func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int, _ body: (UnsafeRawBufferPointer) -> Void) -> CInt {
    body(UnsafeRawBufferPointer(start: data, count: count))
    return 0
}

/// Ends the process with a message when what must always hold does not; libFuzzer then keeps the input.
package func require(_ condition: Bool, _ what: @autoclosure () -> String, line: UInt = #line) {
    // `precondition` says nothing in a release build.
    if !condition { fatalError("line \(line): \(what())") }
}

/// Cuts bytes into pieces whose lengths an input chooses: what must not depend on where a network cuts is read whole and
/// in pieces.
package struct Cuts {
    private var state: UInt32

    package init(seed: UInt8) {
        state = UInt32(seed) &* 2_654_435_761 | 1
    }

    /// The pieces of 1 to 64 bytes, in order.
    package mutating func pieces(of bytes: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
        var pieces: [UnsafeRawBufferPointer] = []
        var start = 0
        while start < bytes.count {
            state ^= state << 13
            state ^= state >> 17
            state ^= state << 5
            let end = min(start + 1 + Int(state % 64), bytes.count)
            pieces.append(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            start = end
        }
        return pieces
    }
}
