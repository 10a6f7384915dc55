import FoundationEssentials
package import MessageBus
package import ServiceKit

#if canImport(Glibc)
import Glibc
#endif

/// Where everything of this installation lies: programs, configuration, state.
package struct Installation: Sendable {
    /// The variables of our own process with those of `.env` below them.
    package let environment: [String: String]
    /// The same, for typed reads.
    package let settings: Settings
    /// The folder of our executables.
    package let programs: String
    /// `ENSEMBLE_STATE`, absolute.
    package let state: String
    /// `ENSEMBLE_CONFIG`, absolute.
    package let config: String

    /// Reads `.env` in the working directory and the process's environment, which wins.
    package static func current() throws(ConfigurationError) -> Installation {
        var environment: [String: String] = [:]
        if let text = Folder.read(".env") { environment = try DotEnv.parse(text) }
        for (key, value) in ProcessInfo.processInfo.environment where !value.isEmpty { environment[key] = value }
        return Installation(environment: environment, programs: Executables.ownFolder)
    }

    /// Describes an installation, for tests too.
    package init(environment: [String: String], programs: String) {
        self.environment = environment
        self.programs = programs
        settings = Settings(environment: environment)
        state = Folder.absolute(settings.stateFolder)
        config = Folder.absolute(settings.configFolder)
    }

    /// The folder of the bus's sockets; a Unix socket's path is short, so a deep state folder moves it to `/tmp`.
    package var busFolder: String { shortPath("\(state)/run/bus", limit: 85) }

    /// The folder of PostgreSQL's socket.
    package var databaseSocketFolder: String { shortPath("\(state)/run/postgres", limit: 85) }

    /// Where the services look for that folder: a link that is there while the database is as they need it. Before, they
    /// find nothing there, which costs nothing; a server without their roles would write a refusal for each of their
    /// tries.
    package var databaseDoor: String { shortPath("\(state)/run/db", limit: 85) }

    /// The local cluster's data.
    package var databaseFolder: String { "\(state)/postgres" }

    /// The first API key, as text.
    package var adminKeyFile: String { "\(state)/admin.key" }

    /// The lock that one `up` holds; its content is the process id.
    package var lockFile: String { "\(state)/run/up.pid" }

    /// The secret with which the command line logs in to the bus.
    package var busSecretFile: String { "\(state)/run/ensemble.secret" }

    /// The keys of a bus over TCP: `BUS_KEYS`.
    package var keyFolder: KeyFolder {
        KeyFolder(Folder.absolute(settings.path("BUS_KEYS", default: "\(state)/keys")))
    }

    /// The whole log of the last `up`.
    package var logFile: String { "\(state)/logs/up.log" }

    /// The migrations: `ENSEMBLE_MIGRATIONS`.
    package var migrations: String {
        Folder.absolute(settings.path("ENSEMBLE_MIGRATIONS", default: "infra/migrations"))
    }

    private func shortPath(_ path: String, limit: Int) -> String {
        guard path.utf8.count > limit else { return path }
        // FNV-1a: the same state folder gets the same short one in every process.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return "/tmp/ensemble-\(getuid())-\(String(hash, radix: 16))"
    }
}
