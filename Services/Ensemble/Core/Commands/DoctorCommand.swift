import ArgumentParser
import ServiceKit

/// `ensemble doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Says what is missing on this machine and how to get it."
    )

    func run() async throws {
        let findings = Doctor(installation: try Installation.current()).examine()
        for finding in findings {
            let mark =
                switch finding.verdict {
                case .good: "ok  "
                case .warning: "note"
                case .bad: "MISS"
                }
            Terminal.write("\(mark)  \(finding.text)\n")
            if let remedy = finding.remedy { Terminal.write("      -> \(remedy)\n") }
        }
        if findings.contains(where: { $0.verdict == .bad }) { throw ExitCode(1) }
    }
}
