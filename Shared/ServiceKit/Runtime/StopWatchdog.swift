import ServiceLifecycle

#if canImport(Glibc)
import Glibc
#endif

/// Ends a process that does not stop by itself.
///
/// When graceful stop begins it arms the kernel's alarm, which no stuck thread can hold up. Listed last in the group,
/// it is the first to hear of the stop.
struct StopWatchdog: Service {
    /// Whole seconds from the signal to the end.
    static let limit: UInt32 = 10
    /// The exit code of a process that was ended by force (`EX_SOFTWARE` of sysexits.h).
    static let exitCode: Int32 = 70

    /// Tells the log of the stop.
    let stop: StopFlag

    func run() async throws {
        signal(SIGALRM) { _ in
            let line: StaticString = "did not stop within 10 s: ended by force\n"
            _ = write(STDERR_FILENO, line.utf8Start, line.utf8CodeUnitCount)
            _exit(StopWatchdog.exitCode)
        }
        try? await gracefulShutdown()
        stop.set()
        alarm(Self.limit)
    }
}
