import Glibc

/// A running server, as its `postmaster.pid` describes it.
struct Postmaster {
    let id: pid_t
    /// Whether it lets clients in.
    let isReady: Bool

    /// Nil when no server runs on the data.
    init?(ofDataIn folder: String) {
        let descriptor = open(folder + "/postmaster.pid", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &bytes, bytes.count)
        let lines = bytes[..<max(count, 0)].split(separator: 10, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard let first = lines.first, let id = pid_t(first), id > 1, Self.isServer(id) else { return nil }
        self.id = id
        // The eighth line is the state, filled up with blanks.
        isReady = lines.count > 7 && lines[7].hasPrefix("ready")
    }

    /// The id may be anybody's by now.
    static func isServer(_ id: pid_t) -> Bool {
        var path = [UInt8](repeating: 0, count: 4096)
        let count = path.withUnsafeMutableBytes { buffer in
            buffer.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { readlink("/proc/\(id)/exe", $0, text.count) } ?? -1
            }
        }
        guard count > 0 else { return false }
        return String(decoding: path[..<count], as: UTF8.self).hasSuffix("/postgres")
    }
}

extension LocalPostgres {
    /// Ends a server that an earlier supervisor left behind on a cluster; returns when it has ended.
    package static func endServer(leftIn folder: String) async {
        let data = folder + "/data"
        guard let stray = Postmaster(ofDataIn: data)?.id else { return }
        Glibc.kill(stray, SIGINT)
        let deadline = ContinuousClock.now + .seconds(10)
        // It takes its file away a moment before it ends.
        while Postmaster.isServer(stray) {
            if ContinuousClock.now >= deadline { Glibc.kill(stray, SIGKILL) }
            await ChildProcess.pause()
        }
    }
}
