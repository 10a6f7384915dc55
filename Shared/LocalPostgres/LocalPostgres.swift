// A PostgreSQL server of our own on this machine: made by `initdb`, run as an unprivileged user, reached by a socket
// and the loopback alone.
//
// State owned here: a data folder and the server process on it. `ensemble up` keeps its local default cluster with it,
// tests their throw-away one; services never see this module, they get a connection string.
import Glibc
import Synchronization

/// One cluster in one folder.
package final class LocalPostgres: Sendable {
    private let configuration: LocalPostgresConfiguration
    private let installation: PostgresInstallation
    private let account: ServerAccount
    private let server = Mutex<pid_t?>(nil)

    /// - Throws: when no PostgreSQL is installed, or we are root and there is no other user to run it as.
    package init(_ configuration: LocalPostgresConfiguration) throws(LocalPostgresError) {
        self.configuration = configuration
        installation = try PostgresInstallation.find()
        account = try ServerAccount.choose()
    }

    /// The server's process id while it runs.
    package var processID: Int32? { server.withLock { $0 } }

    /// The folder of the socket, which is also the `host` of a connection string.
    package var socketFolder: String { configuration.folder + "/socket" }

    /// How a client of this machine connects over the socket.
    package func url(user: String, database: String) -> String {
        "host=\(socketFolder) port=\(configuration.port) user=\(user) dbname=\(database)"
    }

    /// How a client connects over TCP.
    package func loopbackURL(user: String, database: String) -> String {
        "host=127.0.0.1 port=\(configuration.port) user=\(user) dbname=\(database)"
    }

    private var dataFolder: String { configuration.folder + "/data" }

    /// The server's program, for who starts it as a child of its own.
    package var program: String { installation.postgres }

    /// The server's arguments.
    package var serverArguments: [String] {
        var arguments = ["-D", dataFolder, "-k", socketFolder, "-h", "127.0.0.1", "-p", "\(configuration.port)"]
        for (name, value) in configuration.settings.sorted(by: { $0.key < $1.key }) {
            arguments += ["-c", "\(name)=\(value)"]
        }
        if !configuration.isDurable {
            for setting in ["fsync=off", "full_page_writes=off"] {
                arguments += ["-c", setting]
            }
        }
        return arguments
    }

    /// As whom the server must run; nil = as we do.
    package var serverAccount: (user: UInt32, group: UInt32)? { account.ids }

    /// The process of a server that an earlier supervisor left behind on this data; nil when there is none.
    package var strayProcess: Int32? {
        guard let file = fopen(dataFolder + "/postmaster.pid", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 64)
        guard fgets(&line, Int32(line.count), file) != nil, let pid = Int32(text(line)), pid > 1,
            Glibc.kill(pid, 0) == 0
        else { return nil }
        // The id may be anybody's by now: only a server is a stray.
        var path = [CChar](repeating: 0, count: 4096)
        guard readlink("/proc/\(pid)/exe", &path, path.count - 1) > 0, text(path).hasSuffix("/postgres") else {
            return nil
        }
        return pid
    }

    private func text(_ characters: [CChar]) -> String {
        let bytes = characters.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The server's log.
    package var logFile: String { configuration.folder + "/server.log" }

    /// Makes the cluster if the folder has none. Blocks for about a second: call it from a thread that may.
    package func prepare() throws(LocalPostgresError) {
        for folder in [configuration.folder, socketFolder] {
            try makeFolder(folder)
        }
        guard access(dataFolder + "/PG_VERSION", F_OK) != 0 else { return }
        // Made beside its place and moved there when it is whole: what a crash leaves behind is made anew.
        let unfinished = dataFolder + ".new"
        try run(["/bin/rm", "-rf", unfinished], "cannot remove \(unfinished)")
        try run(
            [
                installation.initdb, "--pgdata=\(unfinished)", "--username=\(configuration.owner)", "--encoding=UTF8",
                "--locale=C.UTF-8", "--auth=trust", "--no-sync",
            ],
            "initdb failed"
        )
        // One flush of the file system takes a second; initdb's own, file by file, takes seven.
        if configuration.isDurable { sync() }
        guard rename(unfinished, dataFolder) == 0 else {
            throw LocalPostgresError("cannot move \(unfinished): \(String(cString: strerror(errno)))")
        }
    }

    private func run(_ command: [String], _ complaint: String) throws(LocalPostgresError) {
        let status = ChildProcess.wait(for: try ChildProcess.start(account.command(command), output: logFile))
        guard status == 0 else { throw LocalPostgresError("\(complaint) (status \(status)); see \(logFile)") }
    }

    /// Starts the server and returns at once; it accepts connections a moment later.
    ///
    /// The server is the leader of a session of its own, so that an interrupt typed at the terminal does not reach it.
    package func start() throws(LocalPostgresError) {
        let arguments = [program] + serverArguments
        let child = try ChildProcess.start(account.command(arguments), output: logFile)
        server.withLock { $0 = child }
    }

    /// Stops the server: open transactions are rolled back. Returns once the process has ended, after at most 10 s.
    package func stop() async {
        await end(SIGINT)
    }

    /// Kills the server without warning, as a crash would. A start right after it may fail until the server's children
    /// have noticed; start again then.
    package func kill() async {
        await end(SIGKILL)
    }

    /// Whether the server process is there.
    package var isRunning: Bool {
        server.withLock { child in
            guard let pid = child else { return false }
            if ChildProcess.hasEnded(pid) {
                child = nil
                return false
            }
            return true
        }
    }

    private func end(_ signal: Int32) async {
        guard let pid = processID else { return }
        // Its children leave by themselves when it is gone; a busy one ends its statement first.
        Glibc.kill(pid, signal)
        let deadline = ContinuousClock.now + .seconds(10)
        while isRunning {
            if ContinuousClock.now >= deadline { Glibc.kill(pid, SIGKILL) }
            // Polled: waiting for a child needs a thread or a signal handler, and this happens once in a life.
            try? await ContinuousClock().sleep(for: .milliseconds(5))
            if Task.isCancelled { Glibc.usleep(5000) }
        }
    }

    /// Starts a small process that outlives this one, stops the server when this one is gone, however it went, and
    /// removes the folder. For throw-away clusters.
    package func removeWhenThisProcessEnds() throws(LocalPostgresError) {
        // The read end stays open in the watchdog alone; when the last writer, this process, ends, `read` returns.
        let script = """
            read line
            pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null
            for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
            kill -KILL "$pid" 2>/dev/null
            rm -rf "$1"
            """
        try ChildProcess.startWatchdog(
            account.command(["/bin/sh", "-c", script, "watchdog", configuration.folder])
        )
    }

    private func makeFolder(_ path: String) throws(LocalPostgresError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw LocalPostgresError("cannot make \(path): \(String(cString: strerror(errno)))")
        }
        if let ids = account.ids, chown(path, ids.user, ids.group) != 0 {
            throw LocalPostgresError("cannot give \(path) to the database's user: \(String(cString: strerror(errno)))")
        }
    }
}

/// Where a cluster lives and how safe it must be.
package struct LocalPostgresConfiguration: Sendable {
    /// Holds `data/`, `socket/` and `server.log`; an absolute path of at most 80 bytes, for sockets have short names.
    package var folder: String
    package var port: Int
    /// The role that owns everything.
    package var owner: String = "ensemble"
    /// Whether data survives a crash of the machine; false only for tests.
    package var isDurable = true
    /// Settings as `postgresql.conf` has them.
    package var settings: [String: String] = [:]

    package init(folder: String, port: Int) {
        self.folder = folder
        self.port = port
    }
}

/// Why a local cluster cannot be had, in one line for an operator.
package struct LocalPostgresError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
