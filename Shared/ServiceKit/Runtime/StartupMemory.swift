import ServiceLifecycle

#if canImport(Glibc)
import Glibc
#endif

/// Gives back the memory that only the start of a process needed.
///
/// Reading settings, opening sockets, looking up every conformance of every type: three quarters of the code that a
/// process has mapped after its start it does not run again. Once it has settled, that code is unmapped; what is needed
/// after all comes back from the page cache, a microsecond a page.
package struct StartupMemory: Service {
    /// By when a process has settled, counted from its start.
    package static let delay = Duration.seconds(5)

    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            try await Task.sleep(for: Self.delay)
            Self.release()
        }
        try? await gracefulShutdown()
    }

    /// Unmaps the code of all files; it is mapped again where it runs.
    package static func release() {
        for range in codeRanges() {
            // The pages are the file's own, never written to: nothing is lost.
            madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
        }
    }

    /// Where the code of files is mapped; such pages cannot be written to.
    private static func codeRanges() -> [Range<UInt>] {
        guard let maps = fopen("/proc/self/maps", "re") else { return [] }
        defer { fclose(maps) }
        var ranges: [Range<UInt>] = []
        var line = [CChar](repeating: 0, count: 4352)
        // `55d0c8a4b000-55d0cb02e000 r-xp 00000000 fe:00 5408595  /path/of/the/file`
        while fgets(&line, Int32(line.count), maps) != nil {
            let text = String(
                decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) },
                as: UTF8.self
            )
            let fields = text.split(separator: " ", maxSplits: 5)
            guard fields.count == 6, fields[1] == "r-xp", fields[5].drop(while: { $0 == " " }).hasPrefix("/") else {
                continue
            }
            let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            if bounds.count == 2, bounds[0] < bounds[1] { ranges.append(bounds[0]..<bounds[1]) }
        }
        return ranges
    }
}
