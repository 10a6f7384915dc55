import Glibc

/// Children in sessions of their own, by `posix_spawn`. Of our descriptors they get none: a server that held a socket
/// of ours would keep its port busy when we are gone.
enum ChildProcess {
    /// Starts a program; its output goes to the end of a file.
    static func start(_ command: [String], output: String) throws(LocalPostgresError) -> pid_t {
        try spawn(command) { actions in
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
    }

    /// Starts a program whose standard input ends when this process ends. The write end is never closed on purpose.
    static func startWatchdog(_ command: [String]) throws(LocalPostgresError) {
        var ends: [Int32] = [0, 0]
        // Close-on-exec from the first moment: another child, started meanwhile, must not hold our end open.
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw failure("socketpair") }
        defer { close(ends[0]) }
        _ = try spawn(command) { actions in
            posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
            posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
    }

    /// Waits until the child has ended, and reaps it; its exit status, or 128 and the signal.
    static func end(of child: pid_t) async -> Int32 {
        while true {
            if let status = exitStatus(of: child) { return status }
            await pause()
        }
    }

    /// How the child has ended, once, or nil while it runs. Reaps it.
    static func exitStatus(of child: pid_t) -> Int32? {
        var status: Int32 = 0
        guard waitpid(child, &status, WNOHANG) != 0 else { return nil }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    /// Polled: to be told of a child's end takes a thread or a signal handler, and these waits are few. A cancelled task
    /// waits too, for what it waits for must end.
    static func pause() async {
        try? await ContinuousClock().sleep(for: .milliseconds(5))
        if Task.isCancelled { usleep(5000) }
    }

    private static func spawn(
        _ command: [String],
        _ addActions: (inout posix_spawn_file_actions_t) -> Void
    ) throws(LocalPostgresError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        addActions(&actions)
        // One that is closed meanwhile is no error.
        for descriptor in openDescriptors() where descriptor > 2 {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID, which the C header gives only as a macro with a cast.
        posix_spawnattr_setflags(&attributes, 0x80)
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, command[0], &actions, &attributes, &arguments, environ)
        guard code == 0 else {
            throw LocalPostgresError("cannot start \(command[0]): \(String(cString: strerror(code)))")
        }
        return pid
    }

    private static func openDescriptors() -> [Int32] {
        guard let directory = opendir("/proc/self/fd") else { return [] }
        defer { closedir(directory) }
        var descriptors: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let descriptor = Int32(name) { descriptors.append(descriptor) }
        }
        return descriptors
    }

    private static func failure(_ what: String) -> LocalPostgresError {
        LocalPostgresError("\(what) failed: \(String(cString: strerror(errno)))")
    }
}
