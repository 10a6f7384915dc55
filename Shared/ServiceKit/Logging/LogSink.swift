import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// Where finished lines go. One line is one `write`, so that lines of several threads and processes never mix.
package protocol LogSink: Sendable {
    /// Takes one whole line, its newline included.
    func write(_ line: [UInt8])
}

/// Standard error. A line that cannot be written (the reader is gone) is lost: logging never blocks a service for good.
package struct StandardErrorSink: LogSink {
    /// Makes the sink; it owns nothing.
    package init() {}

    package func write(_ line: [UInt8]) {
        line.withUnsafeBytes { bytes in
            var rest = bytes
            while let base = rest.baseAddress, !rest.isEmpty {
                let written = Glibc.write(STDERR_FILENO, base, rest.count)
                if written > 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[written...])
                } else if errno != EINTR {
                    return
                }
            }
        }
    }

    /// Whether a person reads along.
    package static var isTerminal: Bool {
        isatty(STDERR_FILENO) == 1
    }
}

/// Keeps lines in memory, for tests.
package final class MemorySink: LogSink {
    private let stored = Mutex<[String]>([])

    /// Makes an empty sink.
    package init() {}

    package func write(_ line: [UInt8]) {
        stored.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
    }

    /// The lines so far, newlines included.
    package var lines: [String] {
        stored.withLock { $0 }
    }
}
