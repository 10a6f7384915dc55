import ArgumentParser
import LocalPostgres
import ServiceKit

#if canImport(Glibc)
import Glibc
#endif

/// `ensemble down`
struct DownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Stops the stack that `up` started in this state folder."
    )

    /// Longer than all tiers together may take.
    private static let patience = Duration.seconds(45)

    func run() async throws {
        let installation = try Installation.current()
        guard let process = UpLock.holder(of: installation.lockFile) else {
            let orphans = await Orphans(installation: installation).end()
            await LocalPostgres.endServer(leftIn: installation.databaseFolder)
            Terminal.write(orphans == 0 ? "nothing is running\n" : "stopped what an earlier run had left behind\n")
            return
        }
        kill(process, SIGTERM)
        let deadline = ContinuousClock.now + Self.patience
        while UpLock.holder(of: installation.lockFile) == process {
            guard ContinuousClock.now < deadline else {
                kill(process, SIGKILL)
                throw Complaint(description: "process \(process) did not stop and was killed; its children follow it")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        Terminal.write("stopped\n")
    }
}
