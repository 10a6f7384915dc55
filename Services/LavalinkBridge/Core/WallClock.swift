import FoundationEssentials

extension Int64 {
    /// Unix milliseconds of this moment.
    static var nowSinceEpoch: Int64 {
        Int64((Date().timeIntervalSince1970 * 1000).rounded())
    }
}
