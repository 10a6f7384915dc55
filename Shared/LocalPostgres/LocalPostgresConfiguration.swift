/// Where a cluster lives and how safe it must be.
package struct LocalPostgresConfiguration: Sendable {
    /// Who may log in.
    package enum Access: Sendable {
        /// Whoever reaches the socket or the port, as anybody: for tests.
        case anyone
        /// The owner by being our user of the system, so that there is no superuser's password to lose; all others by
        /// their passwords.
        case accounts
    }

    /// Holds `data/` and `server.log`; an absolute path.
    package var folder: String
    /// Holds the socket; an absolute path of at most 85 bytes, for sockets have short names.
    package var socketFolder: String
    package var port: Int
    /// The role that owns everything.
    package var owner: String = "ensemble"
    package var access = Access.anyone
    /// Whether data survives a crash of the machine; false only for tests.
    package var isDurable = true
    /// Settings as `postgresql.conf` has them.
    package var settings: [String: String] = [:]

    /// Names the folder; the socket's is one in it.
    package init(folder: String, port: Int) {
        self.folder = folder
        socketFolder = folder + "/socket"
        self.port = port
    }
}
