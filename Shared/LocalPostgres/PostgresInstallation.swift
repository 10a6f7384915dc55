import Glibc

/// The server's programs on this machine.
struct PostgresInstallation: Sendable {
    let initdb: String
    let postgres: String

    /// The newest version that Debian's packages installed, else what `PATH` has.
    /// - Throws: when there is none; the message says how to get it.
    static func find() throws(LocalPostgresError) -> Self {
        var folders: [(version: Int, path: String)] = []
        if let directory = opendir("/usr/lib/postgresql") {
            defer { closedir(directory) }
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if let version = Int(name) { folders.append((version, "/usr/lib/postgresql/\(name)/bin")) }
            }
        }
        folders.sort { $0.version > $1.version }
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        for folder in folders.map(\.path) + path.split(separator: ":").map(String.init) {
            let found = Self(initdb: folder + "/initdb", postgres: folder + "/postgres")
            if access(found.initdb, X_OK) == 0, access(found.postgres, X_OK) == 0 { return found }
        }
        throw LocalPostgresError("PostgreSQL is not installed: apt-get install postgresql")
    }
}

/// As whom the server runs: it refuses root.
struct ServerAccount: Sendable {
    /// The user and group to change to; nil stays who we are.
    let ids: (user: uid_t, group: gid_t)?

    static func choose() throws(LocalPostgresError) -> Self {
        guard geteuid() == 0 else { return Self(ids: nil) }
        for name in ["postgres", "nobody"] {
            if let entry = getpwnam(name) {
                return Self(ids: (entry.pointee.pw_uid, entry.pointee.pw_gid))
            }
        }
        throw LocalPostgresError("PostgreSQL must not run as root, and there is neither a user postgres nor nobody")
    }

    /// The command under the account. `setpriv` replaces itself by it, so the process id stays.
    func command(_ arguments: [String]) -> [String] {
        guard let ids else { return arguments }
        // A checkout under /root is closed to that user: it keeps the capability to pass and read folders, no other.
        return [
            "/usr/bin/setpriv", "--reuid=\(ids.user)", "--regid=\(ids.group)", "--clear-groups",
            "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--",
        ] + arguments
    }
}
