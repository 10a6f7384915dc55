#if canImport(Glibc)
import Glibc
#endif

extension UnsafeRawBufferPointer {
    /// Compares without a look at each byte.
    func hasSameBytes(as other: Self) -> Bool {
        guard count == other.count, let start = baseAddress, let otherStart = other.baseAddress else {
            return count == other.count
        }
        return memcmp(start, otherStart, count) == 0
    }
}
