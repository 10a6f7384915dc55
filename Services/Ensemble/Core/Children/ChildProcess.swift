import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A running child with its output.
///
/// The child is started by a thread that lives exactly as long as it does: Linux sends the death signal when the
/// *thread* that started a child ends, so a pooled thread would kill healthy children. The child leads a process group
/// of its own, so that Ctrl-C at the terminal reaches us alone and we stop the children in order.
final class ChildProcess: Sendable {
    /// Why a child could not be started.
    struct Failure: Error, CustomStringConvertible {
        let executable: String
        let code: Int32

        var description: String { "\(executable): \(String(cString: strerror(code)))" }
    }

    /// Its process id.
    let id: pid_t
    private let isAlive = Mutex(true)
    /// One at a time: between making a pipe and marking it as ours alone, no other child may be born.
    private static let spawning = Mutex(())

    private init(id: pid_t) {
        self.id = id
    }

    /// Starts a child.
    ///
    /// - Parameters:
    ///   - line: called on the child's thread with each line of its output and errors, without the newline.
    ///   - ended: called once, after the last line.
    static func start(
        _ command: ChildCommand,
        line: @escaping @Sendable (String) -> Void,
        ended: @escaping @Sendable (ChildExit) -> Void
    ) async throws -> ChildProcess {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try OwnedThread.start {
                    let child: ChildProcess
                    let output: Int32
                    do {
                        (child, output) = try spawning.withLock { _ in try spawn(command) }
                    } catch {
                        continuation.resume(throwing: error)
                        return
                    }
                    continuation.resume(returning: child)
                    read(output, line)
                    ended(child.reap())
                }
            } catch let error as OwnedThread.Unavailable {
                continuation.resume(throwing: Failure(executable: command.executable, code: error.code))
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// Runs a program to its end.
    /// - Returns: how it ended, and the last lines of its output.
    static func run(_ command: ChildCommand) async throws -> (exit: ChildExit, output: [String]) {
        let lines = Mutex<[String]>([])
        let (ends, source) = AsyncStream.makeStream(of: ChildExit.self, bufferingPolicy: .bufferingNewest(1))
        _ = try await start(command) { line in
            lines.withLock {
                $0.append(line)
                if $0.count > 200 { $0.removeFirst() }
            }
        } ended: { exit in
            source.yield(exit)
            source.finish()
        }
        var exit = ChildExit.code(-1)
        for await end in ends { exit = end }
        return (exit, lines.withLock { $0 })
    }

    /// Sends a signal to the child and what it started; does nothing once it has ended.
    func signal(_ number: Int32) {
        isAlive.withLock { isAlive in
            if isAlive { kill(-id, number) }
        }
    }

    // MARK: On the child's thread

    private static func spawn(_ command: ChildCommand) throws(Failure) -> (ChildProcess, Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failure(executable: command.executable, code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        )

        let (path, arguments) = command.resolved(setpriv: Executables.find("setpriv"))
        var id: pid_t = 0
        let code = withCStrings(arguments) { arguments in
            withCStrings(command.environment.map { "\($0.key)=\($0.value)" }) { environment in
                posix_spawn(&id, path, &actions, &attributes, arguments, environment)
            }
        }
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            throw Failure(executable: command.executable, code: code)
        }
        return (ChildProcess(id: id), ends[0])
    }

    /// Reads until the last writer has gone. A line over 64 KB is cut.
    private static func read(_ descriptor: Int32, _ line: (String) -> Void) {
        defer { close(descriptor) }
        var pending: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            for byte in chunk[..<count] {
                if byte == UInt8(ascii: "\n") {
                    line(String(decoding: pending, as: UTF8.self))
                    pending.removeAll(keepingCapacity: true)
                } else if pending.count < 64 << 10 {
                    pending.append(byte)
                }
            }
        }
        if !pending.isEmpty { line(String(decoding: pending, as: UTF8.self)) }
    }

    /// Waits for the end and marks the id as free in one step, so that no signal can reach a stranger.
    private func reap() -> ChildExit {
        var information = siginfo_t()
        while waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        return isAlive.withLock { isAlive in
            var status: Int32 = 0
            while waitpid(id, &status, 0) < 0, errno == EINTR {}
            isAlive = false
            return ChildExit(waitStatus: status)
        }
    }
}

/// Gives C a null-terminated array of strings for the time of a call.
private func withCStrings<Result>(
    _ strings: [String],
    _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let pointers = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
}
