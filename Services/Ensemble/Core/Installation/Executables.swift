#if canImport(Glibc)
import Glibc
#endif

/// Finds programs.
enum Executables {
    /// A program on the search path, or in the folders that hold system tools.
    static func find(_ name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let folders = path.split(separator: ":").map(String.init) + ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]
        return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// The folder of this executable: its siblings are the services.
    static var ownFolder: String {
        guard let path = program(of: getpid()) else { return "." }
        return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    /// What a process runs, also when the file has been replaced meanwhile; nil when we may not know.
    static func program(of process: pid_t) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { readlink("/proc/\(process)/exe", $0, text.count) } ?? -1
            }
        }
        guard count > 0 else { return nil }
        let path = String(decoding: buffer[..<count], as: UTF8.self)
        let mark = " (deleted)"
        return path.hasSuffix(mark) ? String(path.dropLast(mark.count)) : path
    }
}
