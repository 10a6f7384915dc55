import Compression

/// Text with the redundancy of JSON, of the given size.
func sample(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(ascii: "a") + UInt8(truncatingIfNeeded: state >> 60)
    }
}

extension StreamInflater {
    /// The message that a chunk completes.
    mutating func read(_ chunk: some Sequence<UInt8>) throws -> [UInt8]? {
        try Array(chunk).withUnsafeBytes { try consume($0) { Array($0) } }
    }
}
