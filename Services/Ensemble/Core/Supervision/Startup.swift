import LocalPostgres
import Logging
import Postgres
import ServiceKit
import Store

#if canImport(Glibc)
import Glibc
#endif

/// Brings the members up in the order of what they need: the bus and the playground at once and beside them the
/// database, then all services together. They find each other by themselves.
///
/// The services do not wait for ever for a database that is down: they start, say so, and keep the bots offline.
struct Startup: Sendable {
    /// How long the services wait for the database.
    static let patience = Duration.seconds(3)

    let supervisor: Supervisor
    let installation: Installation
    /// The local cluster; nil when the operator has given a database.
    let cluster: LocalPostgres?
    /// The database as its owner.
    let owner: Secret
    /// What each service logs in with; none when all share the owner's login.
    let passwords: [ServiceName: Secret]
    let usesPlayground: Bool
    let logger: Logger

    /// Starts everything; returns when the database is as the services need it, or when cancelled.
    func run() async {
        unlink(installation.databaseDoor)
        supervisor.post(.release(.service(.bus)))
        if usesPlayground { supervisor.post(.release(.service(.playground))) }
        await bringUpDatabase()
        releaseServices()
        supervisor.notice("database", nil)
    }

    /// The supervisor takes each member once.
    private func releaseServices() {
        for plan in ServicePlan.all where plan.tier >= .gateway { supervisor.post(.release(.service(plan.service))) }
    }

    private func bringUpDatabase() async {
        var patience = ContinuousClock.now + Self.patience
        var isMade = false
        var backoff = Backoff(base: .milliseconds(50), cap: .seconds(2), floor: .milliseconds(20))
        while !Task.isCancelled {
            do {
                if let cluster, !isMade {
                    try await cluster.prepare()
                    supervisor.post(.release(.database))
                    isMade = true
                    // Making it may take a while, and it is no outage.
                    patience = .now + Self.patience
                }
                try await awaitServer(by: patience)
                try await prepareDatabase()
                try openDoor()
                return
            } catch is CancellationError {
                return
            } catch {
                supervisor.notice("database", Self.complaint(error))
                if ContinuousClock.now >= patience { releaseServices() }
            }
            try? await Task.sleep(for: backoff.next())
        }
    }

    /// A server of our own is watched while it starts: asking it would leave a refusal in its log each time.
    private func awaitServer(by patience: ContinuousClock.Instant) async throws {
        guard let cluster else { return }
        while !cluster.isAccepting {
            if ContinuousClock.now >= patience { releaseServices() }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func prepareDatabase() async throws {
        if let cluster { try await DatabaseSetup.makeDatabase(in: cluster, logger: logger) }
        var configuration = Migrator.configuration(url: owner.reveal())
        configuration.acquireTimeout = .seconds(1)
        configuration.initialBackoff = .milliseconds(20)
        configuration.maximumBackoff = .milliseconds(200)
        let client = try PostgresClient(configuration: configuration, logger: logger)
        do {
            let setup = DatabaseSetup(client: client, logger: logger)
            try await setup.migrate(from: installation.migrations, isSingleRole: passwords.isEmpty)
            try await setup.setPasswords(passwords)
            try await setup.ensureAdminKey(file: installation.adminKeyFile)
            await client.close()
        } catch {
            await client.close()
            throw error
        }
    }

    private func openDoor() throws {
        guard cluster != nil else { return }
        let door = installation.databaseDoor
        guard symlink(installation.databaseSocketFolder, door) == 0 || errno == EEXIST else {
            throw Folder.Failure(path: door, code: errno)
        }
    }

    private static func complaint(_ error: any Error) -> String {
        switch error {
        case let error as LocalPostgresError: "The local database cannot be made, the bots stay offline: \(error)"
        case let error as PostgresError where error.isUnreachable:
            "The database cannot be reached, the bots stay offline: \(error)"
        default: "The database is not as it should be: \(error)"
        }
    }
}
