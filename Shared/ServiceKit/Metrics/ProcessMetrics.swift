import FoundationEssentials

#if canImport(Glibc)
import Glibc
#endif

/// What the kernel knows of this process, under the names that Prometheus clients agree on.
enum ProcessMetrics {
    /// Adds the metrics to a registry; they are read on each scrape.
    static func register(in metrics: MetricsRegistry) {
        let startedAt = Double(time(nil))
        metrics.gauge("process_start_time_seconds", help: "When the process started, in seconds since 1970.") {
            startedAt
        }
        metrics.gauge("process_resident_memory_bytes", help: "Resident memory.") { Double(residentBytes()) }
        metrics.gauge("process_cpu_seconds_total", help: "User and system CPU time spent.") { cpuSeconds() }
    }

    /// Resident memory in bytes, from `/proc/self/statm`; 0 where there is none.
    package static func residentBytes() -> Int {
        guard let data = try? Data(contentsOf: URL(filePath: "/proc/self/statm")),
            let pages = String(decoding: data, as: UTF8.self).split(separator: " ").dropFirst().first.flatMap({
                Int($0)
            })
        else { return 0 }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    private static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
