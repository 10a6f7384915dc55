import Glibc

/// Keeps a second switchboard out of a folder of ipc sockets: libzmq would silently take the first one's place.
///
/// Held until freed; the system frees it too when the process dies.
package final class FolderLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `.addressInUse` when another process holds it.
    package init(folder: String) throws(ZeroMQError) {
        let path = folder + "/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ZeroMQError(number: errno, operation: "open \(path)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw ZeroMQError(number: EADDRINUSE, operation: "lock \(path): another switchboard serves this folder")
        }
    }

    deinit {
        close(descriptor)
    }
}
