package import ArgumentParser
import ServiceKit

#if canImport(Glibc)
import Glibc
#endif

/// The operator's command line, and the supervisor of one machine.
///
/// Installation/ knows where things lie, Database/ the cluster and its roles, Children/ starts processes, Supervision/
/// decides about them, Screen/ draws, Doctor/ and Tap/ look, Keys/ makes the bus's keys. The module owns the running
/// stack's processes and the local cluster. A new command is one file here and one line in the list below; a new service
/// one line in ``ServicePlan``.
package struct EnsembleCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "ensemble",
        abstract: "Runs and looks after a troupe of Discord bots.",
        subcommands: [
            UpCommand.self, DownCommand.self, MigrateCommand.self, DoctorCommand.self, BusCommand.self,
            KeysCommand.self,
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
            end(ServiceRuntime.ExitCode.success)
        } catch let error as ConfigurationError {
            StandardErrorSink().write(Array("ensemble: \(error)\n".utf8))
            end(ServiceRuntime.ExitCode.configuration)
        } catch {
            let code = exitCode(for: error).rawValue
            let text = fullMessage(for: error, columns: nil) + "\n"
            if code == ServiceRuntime.ExitCode.success {
                Terminal.write(text)
            } else {
                StandardErrorSink().write(Array(text.utf8))
            }
            end(code)
        }
    }

    /// As services end: without the handlers of `exit`, under threads that still run.
    private static func end(_ code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }
}

/// One line for the operator, and the exit code of a failure.
struct Complaint: Error, CustomStringConvertible {
    let description: String
}
