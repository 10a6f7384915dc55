// A PostgreSQL server of our own on this machine: made by `initdb`, run as an unprivileged user, reached by a socket
// and the loopback alone.
//
// State owned here: a data folder, who may log in to it, and the server process on it. `ensemble up` keeps its local
// default cluster with it and starts the server among its own children; tests let it start throw-away ones. Services
// never see this module, they get a connection string.
import Glibc
import Synchronization

/// One cluster in one folder.
package final class LocalPostgres: Sendable {
    package let configuration: LocalPostgresConfiguration
    let account: ServerAccount
    private let installation: PostgresInstallation
    private let server = Mutex<pid_t?>(nil)

    /// Describes a cluster; nothing is touched yet.
    /// - Throws: when no PostgreSQL is installed, or there is no user to run it as.
    package init(_ configuration: LocalPostgresConfiguration) throws(LocalPostgresError) {
        self.configuration = configuration
        installation = try PostgresInstallation.find()
        account = try ServerAccount.choose(forDataIn: configuration.folder + "/data")
    }

    /// The server's process id while it runs, if this object started it.
    package var processID: Int32? { server.withLock { $0 } }

    /// The folder of the socket, which is also the `host` of a connection string.
    package var socketFolder: String { configuration.socketFolder }

    /// The server's log, unless somebody else starts it.
    package var logFile: String { configuration.folder + "/server.log" }

    /// How a client of this machine connects over the socket.
    package func url(user: String, database: String) -> String {
        "host=\(socketFolder) port=\(configuration.port) user=\(user) dbname=\(database)"
    }

    /// How a client connects over TCP.
    package func loopbackURL(user: String, database: String) -> String {
        "host=127.0.0.1 port=\(configuration.port) user=\(user) dbname=\(database)"
    }

    /// Whether the server has come so far that it lets clients in. It costs the server nothing and leaves no line in its
    /// log, as a try to connect would.
    package var isAccepting: Bool {
        guard let postmaster = Postmaster(ofDataIn: dataFolder) else { return false }
        return postmaster.isReady
    }

    private var dataFolder: String { configuration.folder + "/data" }

    /// Program and arguments of the server, under its account.
    /// - Parameter deathSignal: what the kernel sends the server when the thread that started it ends, by name (`INT`).
    package func command(deathSignal: String? = nil) -> [String] {
        var command = [
            installation.postgres, "-D", dataFolder, "-k", socketFolder, "-h", "127.0.0.1",
            "-p", "\(configuration.port)",
        ]
        var settings = configuration.settings
        if configuration.access == .accounts {
            settings["hba_file"] = hostsFile
            settings["ident_file"] = identitiesFile
        }
        if !configuration.isDurable {
            settings["fsync"] = "off"
            settings["full_page_writes"] = "off"
        }
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) { command += ["-c", "\(name)=\(value)"] }
        return account.command(command, deathSignal: deathSignal)
    }

    /// Makes the cluster if the folder has none (about a second), says who may log in, and ends a server that was left
    /// behind on it.
    package func prepare() async throws(LocalPostgresError) {
        for folder in [configuration.folder, socketFolder] { try makeFolder(folder) }
        if configuration.access == .accounts { try writeAccess() }
        await Self.endServer(leftIn: configuration.folder)
        guard access(dataFolder + "/PG_VERSION", F_OK) != 0 else { return }
        // Made beside its place and moved there when it is whole: what a crash leaves behind is made anew.
        let unfinished = dataFolder + ".new"
        try await run(["/bin/rm", "-rf", unfinished], "cannot remove \(unfinished)")
        try await run(
            [
                installation.initdb, "--pgdata=\(unfinished)", "--username=\(configuration.owner)", "--encoding=UTF8",
                "--locale=C.UTF-8", "--auth=trust", "--no-sync",
            ],
            "initdb failed"
        )
        // One flush of the file system takes a second; initdb's own, file by file, takes seven.
        if configuration.isDurable { try await run(["/bin/sync", "-f", unfinished], "cannot flush \(unfinished)") }
        guard rename(unfinished, dataFolder) == 0 else {
            throw LocalPostgresError("cannot move \(unfinished): \(String(cString: strerror(errno)))")
        }
    }

    private func run(_ command: [String], _ complaint: String) async throws(LocalPostgresError) {
        let child = try ChildProcess.start(account.command(command), output: logFile)
        let status = await ChildProcess.end(of: child)
        guard status == 0 else { throw LocalPostgresError("\(complaint) (status \(status)); see \(logFile)") }
    }

    /// Starts the server and returns at once; it accepts connections a moment later.
    ///
    /// The server is the leader of a session of its own, so that an interrupt typed at the terminal does not reach it.
    package func start() throws(LocalPostgresError) {
        let child = try ChildProcess.start(command(), output: logFile)
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
            if ChildProcess.exitStatus(of: pid) != nil {
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
            await ChildProcess.pause()
        }
    }

    /// Starts a small process that outlives this one, stops the server when this one is gone, however it went, and
    /// removes the folder. For throw-away clusters; call it first, for making the cluster takes a while.
    package func removeWhenThisProcessEnds() throws(LocalPostgresError) {
        // The read end stays open in the watchdog alone; when the last writer, this process, ends, `read` returns.
        let script = """
            read line
            pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null
            for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
            kill -KILL "$pid" 2>/dev/null
            # An initdb that is under way goes on making files.
            [ -e "$1/data.new" ] && sleep 2
            rm -rf "$1"
            """
        try makeFolder(configuration.folder)
        try ChildProcess.startWatchdog(
            account.command(["/bin/sh", "-c", script, "watchdog", configuration.folder])
        )
    }
}

/// Why a local cluster cannot be had, in one line for an operator.
package struct LocalPostgresError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
