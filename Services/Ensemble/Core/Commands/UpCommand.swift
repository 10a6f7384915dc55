import ArgumentParser
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
        try await Up(installation: installation).run()
        _ = consume lock
    }
}
