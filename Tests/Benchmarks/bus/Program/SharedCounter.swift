import Glibc

/// A number that two processes see: what the subscriber has received. Only one of them writes.
struct SharedCounter: @unchecked Sendable {
    // Safe to share: one aligned word, written by one process and one task, and read by polling.
    private let pointer: UnsafeMutablePointer<Int>

    init(_ path: String) throws {
        let file = open(path, O_RDWR)
        guard file >= 0, let memory = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), memory != MAP_FAILED
        else { throw Unusable(path: path, number: errno) }
        pointer = memory.assumingMemoryBound(to: Int.self)
    }

    var value: Int {
        @inline(never) get { pointer.pointee }
        @inline(never) nonmutating set { pointer.pointee = newValue }
    }

    struct Unusable: Error {
        let path: String
        let number: Int32
    }
}
