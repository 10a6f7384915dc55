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
