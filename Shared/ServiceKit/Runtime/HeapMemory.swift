import CMalloc

/// How this process's allocator deals with what is freed.
enum HeapMemory {
    /// Keeps some freed memory for what is allocated next.
    ///
    /// By default glibc gives the end of each heap back to the system from 128 KB on, and takes larger blocks from there
    /// each time: under load a fifth of a consumer's time went into clearing pages that it had just returned
    /// (mallopt(3)). With nothing to do, no process comes near these bounds.
    static func keepSome() {
        mallopt(M_TRIM_THRESHOLD, 4 << 20)
        mallopt(M_MMAP_THRESHOLD, 4 << 20)
    }
}
