import BusContract
import CommandKit
package import ServiceHost
package import ServiceKit

// Scheduler: fires jobs at their time, and keeps members' reminders.
//
// State owned here: the state of rows in `jobs` (every service schedules, the scheduler alone fires). Another kind of
// job needs nothing here: its target serves `jobs.<service>`. What is written as a time is read in `Reminders/`.

/// The scheduler service.
package struct SchedulerService: HostedService {
    package static let name = ServiceName.scheduler

    private let firer: JobFirer
    private let housekeeping: JobHousekeeping
    private let reminders: ReminderJobs
    private let commands: CommandService

    package init(host: Host) async throws {
        let texts = try SchedulerTexts.catalogue()
        firer = JobFirer(
            database: host.database,
            bus: host.bus,
            logger: host.logger("jobs"),
            fired: host.metrics.counter("scheduler_jobs_fired_total", help: "Jobs that their target acknowledged."),
            failed: host.metrics.counter("scheduler_jobs_failed_total", help: "Attempts that were not acknowledged.")
        )
        housekeeping = JobHousekeeping(database: host.database, logger: host.logger("jobs"))
        reminders = ReminderJobs(bus: host.bus, spine: host.spine, texts: texts)
        commands = CommandService(
            router: CommandRouter(
                commands: [RemindCommand(spine: host.spine)],
                texts: texts,
                logger: host.logger("commands")
            ),
            role: .scheduler,
            bus: host.bus,
            isRestricted: host.isRestricted,
            health: host.health,
            logger: host.logger("commands")
        )
    }

    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await firer.run() }
            group.addTask { try await reminders.run() }
            group.addTask { try await commands.run() }
            group.addTask { try await housekeeping.run() }
        }
    }
}
