import Glibc

/// Children in sessions of their own, by `posix_spawn`.
enum ChildProcess {
    /// Starts a program; its output goes to the end of a file, and of our descriptors it gets those alone that are not
    /// close-on-exec, which ours all are.
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

    /// Blocks until the child has ended; its exit status, or 128 and the signal.
    static func wait(for child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) == -1, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    /// Whether the child has ended; reaps it.
    static func hasEnded(_ child: pid_t) -> Bool {
        var status: Int32 = 0
        return waitpid(child, &status, WNOHANG) != 0
    }

    private static func spawn(
        _ command: [String],
        _ addActions: (inout posix_spawn_file_actions_t) -> Void
    ) throws(LocalPostgresError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        addActions(&actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID, which the C header gives only as a macro with a cast.
        posix_spawnattr_setflags(&attributes, 0x80)
        // The server's user may not be allowed into our folder. `env` replaces itself by the program.
        let command = ["/usr/bin/env", "-C", "/"] + command
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, command[0], &actions, &attributes, &arguments, environ)
        guard code == 0 else {
            throw LocalPostgresError("cannot start \(command[0]): \(String(cString: strerror(code)))")
        }
        return pid
    }

    private static func failure(_ what: String) -> LocalPostgresError {
        LocalPostgresError("\(what) failed: \(String(cString: strerror(errno)))")
    }
}
