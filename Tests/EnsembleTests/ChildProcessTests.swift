import ServiceKit
import Synchronization
import TestSupport
import Testing

@testable import EnsembleCore

#if canImport(Glibc)
import Glibc
#endif

@Suite struct ChildProcessTests {
    @Test func aChildSeesItsOwnEnvironmentAlone() async throws {
        let (exit, output) = try await ChildProcess.run(
            ChildCommand(
                executable: "/bin/sh",
                arguments: ["-c", "env | sort; echo to-stderr >&2; exit 3"],
                environment: ["ONLY": "this"]
            )
        )
        #expect(exit == .code(3))
        #expect(output.contains("ONLY=this"))
        #expect(output.contains("to-stderr"))
        #expect(!output.contains { $0.hasPrefix("HOME=") })
    }

    @Test func aSignalReachesTheChildAndWhatItStarted() async throws {
        let lines = Mutex<[String]>([])
        let exits = Mutex<ChildExit?>(nil)
        let child = try await ChildProcess.start(
            ChildCommand(
                executable: "/bin/sh",
                arguments: ["-c", "sleep 60 & echo started; wait"],
                environment: ["PATH": "/usr/bin:/bin"]
            )
        ) { line in
            lines.withLock { $0.append(line) }
        } ended: { exit in
            exits.withLock { $0 = exit }
        }
        try await eventually("the child has started") { lines.withLock { $0 == ["started"] } }
        child.signal(SIGTERM)
        // The pipe closes, and the exit is told, only when the grandchild is gone too.
        try await eventually("all have ended") { exits.withLock { $0 } == .signal(SIGTERM) }
        child.signal(SIGKILL)
    }

    @Test func aMissingProgramIsAnError() async {
        await #expect(throws: ChildProcess.Failure.self) {
            try await ChildProcess.run(ChildCommand(executable: "/nonexistent/program"))
        }
    }

    @Test func aChildDiesWithTheProcessThatStartedIt() async throws {
        // The middle process starts a child with a death signal, prints the child's id and is killed.
        let setpriv = try #require(Executables.find("setpriv"))
        let script = "\(setpriv) --pdeathsig TERM -- sleep 60 & echo $!; wait"
        let ids = Mutex<[pid_t]>([])
        let middle = try await ChildProcess.start(
            ChildCommand(executable: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"])
        ) { line in
            if let id = pid_t(line) { ids.withLock { $0.append(id) } }
        } ended: { _ in
        }
        try await eventually("the grandchild is known") { ids.withLock { !$0.isEmpty } }
        let grandchild = try #require(ids.withLock { $0.first })
        try await eventually("the grandchild sleeps") { Folder.read("/proc/\(grandchild)/comm") == "sleep" }
        kill(middle.id, SIGKILL)
        try await eventually("the grandchild is gone") { kill(grandchild, 0) != 0 }
    }
}
