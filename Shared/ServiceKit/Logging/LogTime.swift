#if canImport(Glibc)
import Glibc
#endif

/// The wall clock as log lines show it, without the cost of a calendar.
package enum LogTime {
    /// The time now in UTC by RFC 3339 with milliseconds: `2026-11-21T07:53:45.120Z`.
    package static func rfc3339() -> String {
        let (time, milliseconds) = now()
        var seconds = time
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return date(parts) + "T" + clock(parts) + "." + pad(milliseconds, 3) + "Z"
    }

    /// The time now in the machine's zone, for a person at a terminal: `07:53:45.120`.
    package static func local() -> String {
        let (time, milliseconds) = now()
        var seconds = time
        var parts = tm()
        localtime_r(&seconds, &parts)
        return clock(parts) + "." + pad(milliseconds, 3)
    }

    private static func now() -> (time_t, Int) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return (time.tv_sec, time.tv_nsec / 1_000_000)
    }

    private static func date(_ parts: tm) -> String {
        "\(parts.tm_year + 1900)-\(pad(Int(parts.tm_mon) + 1, 2))-\(pad(Int(parts.tm_mday), 2))"
    }

    private static func clock(_ parts: tm) -> String {
        "\(pad(Int(parts.tm_hour), 2)):\(pad(Int(parts.tm_min), 2)):\(pad(Int(parts.tm_sec), 2))"
    }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
