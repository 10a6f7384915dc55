import Glibc

/// As whom the server runs: it refuses root.
struct ServerAccount: Sendable {
    /// The user and group to change to; nil stays who we are.
    let ids: (user: uid_t, group: gid_t)?

    /// Ourselves, unless we are root: then the owner of the data, or for new data PostgreSQL's own user.
    /// - Throws: when the data belong to another user, whom we cannot become.
    static func choose(forDataIn folder: String) throws(LocalPostgresError) -> Self {
        var information = stat()
        let isThere = stat(folder, &information) == 0
        guard geteuid() == 0 else {
            if isThere, information.st_uid != geteuid() {
                let owner = getpwuid(information.st_uid).map { String(cString: $0.pointee.pw_name) }
                throw LocalPostgresError(
                    "\(folder) belongs to the user \(owner ?? "\(information.st_uid)"), as whom or as root it was made: "
                        + "start it as before, or remove it"
                )
            }
            return Self(ids: nil)
        }
        if isThere, information.st_uid != 0 { return Self(ids: (information.st_uid, information.st_gid)) }
        for name in ["postgres", "nobody"] {
            if let entry = getpwnam(name) {
                return Self(ids: (entry.pointee.pw_uid, entry.pointee.pw_gid))
            }
        }
        throw LocalPostgresError("PostgreSQL must not run as root, and there is neither a user postgres nor nobody")
    }

    /// The command under the account. `setpriv` and `env` replace themselves by it, so the process id stays.
    func command(_ arguments: [String], deathSignal: String? = nil) -> [String] {
        var command: [String] = []
        if ids != nil || deathSignal != nil { command.append("/usr/bin/setpriv") }
        if let ids {
            // A checkout under /root is closed to that user: it keeps the capability to pass and read folders, no other.
            command += [
                "--reuid=\(ids.user)", "--regid=\(ids.group)", "--clear-groups", "--inh-caps=+dac_read_search",
                "--ambient-caps=+dac_read_search",
            ]
        }
        if let deathSignal { command.append("--pdeathsig=\(deathSignal)") }
        // The account may not be allowed into our working folder.
        return command + (command.isEmpty ? [] : ["--"]) + ["/usr/bin/env", "-C", "/"] + arguments
    }
}
