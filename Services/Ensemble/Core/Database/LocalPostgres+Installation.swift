import LocalPostgres
import ServiceKit

extension LocalPostgres {
    /// The platform's database.
    static let database = "ensemble"
    /// The role that owns it.
    static let owner = "ensemble"

    /// The installation's own cluster, under the state folder.
    convenience init(installation: Installation, port: Int) throws(LocalPostgresError) {
        var configuration = LocalPostgresConfiguration(folder: installation.databaseFolder, port: port)
        configuration.socketFolder = installation.databaseSocketFolder
        configuration.owner = Self.owner
        configuration.access = .accounts
        configuration.settings = [
            // Eight services with eight connections each, listeners, and room for a second instance.
            "max_connections": "200",
            "shared_buffers": "128MB",
            "log_min_messages": "warning",
            "log_line_prefix": "%m [%p] ",
            "timezone": "UTC",
        ]
        try self.init(configuration)
    }

    /// How the supervisor starts the server: as a child that stops when it is gone.
    var childCommand: ChildCommand {
        let command = command(deathSignal: "INT")
        return ChildCommand(
            executable: command[0],
            arguments: Array(command.dropFirst()),
            environment: ["LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"]
        )
    }

    /// The owner's connection string.
    func ownerURL(database: String = LocalPostgres.database) -> Secret {
        Secret(url(user: Self.owner, database: database))
    }

    /// A service's connection string, through the installation's door.
    func url(user: String, password: Secret, through door: String) -> Secret {
        let port = configuration.port
        return Secret("host=\(door) port=\(port) user=\(user) dbname=\(Self.database) password=\(password.reveal())")
    }
}
