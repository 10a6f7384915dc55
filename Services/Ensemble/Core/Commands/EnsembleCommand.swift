package import ArgumentParser
import ServiceKit

#if canImport(Glibc)
import Glibc
#endif

/// The operator's command line, and the supervisor of one machine.
///
/// Installation/ knows where things lie, Database/ the cluster and its roles, Children/ starts processes, Supervision/
/// decides about them, Screen/ draws, Doctor/ and Tap/ look. The module owns the running stack's processes and the local
/// cluster. A new command is one file here and one line in the list below; a new service one line in ``ServicePlan``.
package struct EnsembleCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "ensemble",
        abstract: "Runs and looks after a troupe of Discord bots.",
        subcommands: [
            UpCommand.self, DownCommand.self, MigrateCommand.self, DoctorCommand.self, BusCommand.self,
        ]
    )

    package init() {}

    /// Runs the command of this process's arguments and exits. A mistake in the configuration is one line and code 78.
    package static func execute() async -> Never {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Glibc.exit(ServiceRuntime.ExitCode.success)
        } catch let error as ConfigurationError {
            StandardErrorSink().write(Array("ensemble: \(error)\n".utf8))
            Glibc.exit(ServiceRuntime.ExitCode.configuration)
        } catch {
            exit(withError: error)
        }
    }
}

/// One line for the operator, and the exit code of a failure.
struct Complaint: Error, CustomStringConvertible {
    let description: String
}
