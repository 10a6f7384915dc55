import ArgumentParser
import LocalPostgres
import Logging
import Postgres
import ServiceKit
import Store

/// `ensemble migrate`
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Brings the database's schema to this version; `up` does it by itself."
    )

    func run() async throws {
        let installation = try Installation.current()
        let address: Secret
        if let given = installation.settings.optionalSecret("DATABASE_URL") {
            address = given
        } else {
            let port = try installation.settings.int("DATABASE_PORT", default: PortPlan.defaultDatabase, in: 1...65_535)
            address = try LocalPostgres(installation: installation, port: port).ownerURL()
        }
        let logger = Logger(label: "ensemble") { _ in SwiftLogNoOpLogHandler() }
        let client = try PostgresClient(
            configuration: Migrator.configuration(url: address.reveal()),
            logger: logger
        )
        do {
            let single = try installation.settings.bool("DATABASE_SINGLE_ROLE", default: false)
            let applied = try await DatabaseSetup(client: client, logger: logger)
                .migrate(from: installation.migrations, isSingleRole: single)
            Terminal.write(applied.isEmpty ? "nothing to do\n" : applied.map { "applied \($0)\n" }.joined())
            await client.close()
        } catch let error as PostgresError where error.isUnreachable {
            await client.close()
            throw Complaint(description: "the database cannot be reached (for the local one, run make up): \(error)")
        } catch {
            await client.close()
            throw error
        }
    }
}
