import Glibc

/// The folder of the `ipc://` sockets, which only its owner may enter.
///
/// File permissions are the outer wall of the local bus: whoever can open a socket file can at least try to log in.
package enum IPCFolder {
    /// The longest path of a Unix socket: `sun_path` of unix(7), less its closing zero.
    package static let maximumPathBytes = 107

    /// Makes the folder, with its parents, for us alone (mode 0700), or checks that an existing one is.
    ///
    /// - Throws: `.unsafeFolder` when it belongs to somebody else, is a link or no folder, or lets others in.
    package static func prepare(_ path: String) throws(ZeroMQError) {
        var made = ""
        let components = path.split(separator: "/")
        for (index, component) in components.enumerated() {
            made += (index == 0 && !path.hasPrefix("/") ? "" : "/") + component
            let isLast = index == components.count - 1
            if mkdir(made, isLast ? 0o700 : 0o755) != 0, errno != EEXIST {
                throw ZeroMQError(number: errno, operation: "make the folder \(made)")
            }
        }
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw ZeroMQError(number: errno, operation: "look at the folder \(path)")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw ZeroMQError(code: .unsafeFolder, number: ENOTDIR, operation: "use \(path) for sockets")
        }
        guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
            throw ZeroMQError(
                code: .unsafeFolder,
                number: EACCES,
                operation: "use \(path) for sockets, which must be our own with mode 0700"
            )
        }
    }
}
