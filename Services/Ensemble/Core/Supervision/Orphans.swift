import FoundationEssentials
import ServiceKit

#if canImport(Glibc)
import Glibc
#endif

/// Services of an earlier `up` on the same state folder, whose supervisor was killed. The kernel has told them to stop;
/// until they have, they hold their ports and their places on the bus.
struct Orphans: Sendable {
    /// How long they may take before they are killed; a service ends itself after 10 s.
    static let patience = Duration.seconds(11)

    let installation: Installation

    /// The process ids of those that are left.
    func find() -> [pid_t] {
        Folder.contents(of: "/proc").compactMap { pid_t($0) }.filter { $0 != getpid() && isOurs($0) }
    }

    /// Ends them; returns when all have ended.
    /// - Returns: how many services there were.
    @discardableResult
    func end() async -> Int {
        let found = find()
        for id in found { kill(id, SIGTERM) }
        let deadline = ContinuousClock.now + Self.patience
        var left = found
        while !left.isEmpty {
            if ContinuousClock.now >= deadline { for id in left { kill(id, SIGKILL) } }
            try? await Task.sleep(for: .milliseconds(20))
            if Task.isCancelled { break }
            left = left.filter(isOurs)
        }
        return found.count
    }

    /// Whether the process runs a service of ours on this state folder. That of another user cannot be read, so it is
    /// none.
    private func isOurs(_ id: pid_t) -> Bool {
        guard let program = Executables.program(of: id), program.hasPrefix(installation.programs + "/"),
            ServicePlan.all.contains(where: { program.hasSuffix("/\($0.service.rawValue)") }),
            let environment = try? Data(contentsOf: URL(filePath: "/proc/\(id)/environ"))
        else { return false }
        return environment.split(separator: 0).contains {
            $0.elementsEqual("ENSEMBLE_STATE=\(installation.state)".utf8)
        }
    }
}
