import ArgumentParser
import LocalPostgres
import ServiceKit

#if canImport(Glibc)
import Glibc
#endif

/// `ensemble up`
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Runs the whole stack on this machine, in the foreground."
    )

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let installation = try Installation.current()
        try Folder.make("\(installation.state)/run")
        guard let lock = UpLock(installation.lockFile) else {
            let holder = UpLock.holder(of: installation.lockFile).map { " (process \($0))" } ?? ""
            throw Complaint(description: "the stack is running already\(holder); stop it with: make down")
        }
        // Before ports are chosen: what an earlier run left behind may hold them.
        let orphans = Orphans(installation: installation)
        if !orphans.find().isEmpty { Terminal.write("an earlier run was cut short: its services are being ended\n") }
        await orphans.end()
        await LocalPostgres.endServer(leftIn: installation.databaseFolder)
        try await Up(installation: installation).run()
        _ = consume lock
    }
}
