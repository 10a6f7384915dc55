import FoundationEssentials

#if canImport(Glibc)
import Glibc
#endif

/// Reads the memory of other processes.
enum ProcessMemory {
    /// Resident bytes; nil when the process is gone.
    static func resident(_ id: Int32) -> Int? {
        guard let data = try? Data(contentsOf: URL(filePath: "/proc/\(id)/statm")) else { return nil }
        let fields = String(decoding: data, as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
