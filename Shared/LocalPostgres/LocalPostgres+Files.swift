import Glibc

extension LocalPostgres {
    var hostsFile: String { configuration.folder + "/pg_hba.conf" }
    var identitiesFile: String { configuration.folder + "/pg_ident.conf" }

    /// Says who may log in, in PostgreSQL's own files.
    func writeAccess() throws(LocalPostgresError) {
        let me = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "root"
        try write(
            """
            local all \(configuration.owner) peer map=owner
            local all all scram-sha-256
            host all all 127.0.0.1/32 scram-sha-256

            """,
            to: hostsFile
        )
        try write("owner \(me) \(configuration.owner)\n", to: identitiesFile)
    }

    func makeFolder(_ path: String) throws(LocalPostgresError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("make", path) }
        try give(path)
    }

    /// Only the server's user, who may not be us, reads it.
    private func write(_ text: String, to path: String) throws(LocalPostgresError) {
        let new = path + ".new"
        let descriptor = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("write", new) }
        let bytes = Array(text.utf8)
        let count = Glibc.write(descriptor, bytes, bytes.count)
        close(descriptor)
        guard count == bytes.count else { throw failure("write", new) }
        try give(new)
        guard rename(new, path) == 0 else { throw failure("write", path) }
    }

    private func give(_ path: String) throws(LocalPostgresError) {
        if let ids = account.ids, chown(path, ids.user, ids.group) != 0 {
            throw failure("give the database's user", path)
        }
    }

    private func failure(_ what: String, _ path: String) -> LocalPostgresError {
        LocalPostgresError("cannot \(what) \(path): \(String(cString: strerror(errno)))")
    }
}
