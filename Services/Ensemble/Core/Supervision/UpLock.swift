#if canImport(Glibc)
import Glibc
#endif

/// Makes sure that one state folder has one supervisor. The kernel gives the lock back when its holder dies.
struct UpLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the lock and writes our process id into it.
    /// - Returns: nil when another process holds it.
    init?(_ path: String) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = write(descriptor, text, text.count)
        self.descriptor = descriptor
    }

    /// The process that holds the lock; nil when none does.
    static func holder(of path: String) -> pid_t? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else { return nil }
        return Folder.read(path).flatMap { pid_t($0) }
    }

    deinit {
        close(descriptor)
    }
}
