import FoundationEssentials
import LocalPostgres
package import ServiceKit

#if canImport(Glibc)
import Glibc
#endif

/// The installation's own PostgreSQL under the state folder.
///
/// Its owner logs in by being the same user of the system (`peer`), so there is no superuser password to lose; services
/// log in with passwords that are made at each start.
package struct LocalCluster: Sendable {
    private let server: LocalPostgres
    private let folder: String
    private let port: Int

    /// Describes the cluster; nothing is touched yet.
    /// - Throws: `LocalPostgresError` when no PostgreSQL is installed.
    package init(installation: Installation, port: Int) throws {
        folder = installation.databaseFolder
        self.port = port
        var configuration = LocalPostgresConfiguration(folder: folder, port: port)
        configuration.settings = [
            "hba_file": "\(folder)/pg_hba.conf",
            "ident_file": "\(folder)/pg_ident.conf",
            // Eight services with eight connections each, listeners, and room for a second instance.
            "max_connections": "200",
            "shared_buffers": "128MB",
            "log_min_messages": "warning",
            "log_line_prefix": "%m [%p] ",
            "timezone": "UTC",
        ]
        server = try LocalPostgres(configuration)
    }

    /// Makes the cluster if there is none, and stops a server that an earlier supervisor left behind.
    package func prepare() async throws {
        try Folder.make(folder, mode: 0o755)
        try await onThreadOfItsOwn { [server] in try server.prepare() }
        let me = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "root"
        try write(
            "pg_hba.conf",
            """
            local all \(Self.owner) peer map=owner
            local all all scram-sha-256
            host all all 127.0.0.1/32 scram-sha-256
            """
        )
        try write("pg_ident.conf", "owner \(me) \(Self.owner)")
        if let stray = server.strayProcess {
            kill(stray, SIGINT)
            for _ in 0..<500 where kill(stray, 0) == 0 { try await Task.sleep(for: .milliseconds(20)) }
            if kill(stray, 0) == 0 { kill(stray, SIGKILL) }
        }
    }

    /// The role that owns the cluster.
    package static let owner = "ensemble"
    /// The platform's database.
    package static let database = "ensemble"

    /// How to start the server as a child that dies with us.
    var command: ChildCommand {
        ChildCommand(
            executable: server.program,
            arguments: server.serverArguments,
            environment: ["LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"],
            account: server.serverAccount,
            mayPassClosedFolders: server.serverAccount != nil,
            deathSignal: "INT"
        )
    }

    /// The owner's connection string.
    package func ownerURL(database: String = LocalCluster.database) -> Secret {
        Secret(server.url(user: Self.owner, database: database))
    }

    /// A service's connection string.
    package func url(user: String, password: Secret) -> Secret {
        Secret("\(server.url(user: user, database: Self.database)) password=\(password.reveal())")
    }

    /// `initdb` is waited for: that must not hold up one of the few threads that all tasks share.
    private func onThreadOfItsOwn(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            do {
                try OwnedThread.start { continuation.resume(with: Result { try body() }) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// PostgreSQL reads these as its own user, which may not be us.
    private func write(_ name: String, _ text: String) throws {
        let path = "\(folder)/\(name)"
        try Folder.writePrivate(text + "\n", to: path)
        if let account = server.serverAccount, chown(path, account.user, account.group) != 0 {
            throw Folder.Failure(path: path, code: errno)
        }
    }
}
