import EnsembleCore
import Logging
import Testing

@testable import EnsembleCore

@Suite struct ScreenTests {
    private var snapshot: StatusSnapshot {
        var snapshot = StatusSnapshot()
        snapshot.uptime = .seconds(3725)
        snapshot.readyAfter = .milliseconds(3420)
        snapshot.addresses = [("Playground", "http://127.0.0.1:8090")]
        snapshot.processes = [
            .init(name: "gateway", state: .ready, port: 9101, memory: 21 << 20),
            .init(name: "music", state: .waiting(until: .zero), detail: "no \u{1B}[31mnode", port: 9102, restarts: 4),
        ]
        snapshot.bots = [.init(name: "iris", state: "online", reason: "", guilds: 1, latencyMilliseconds: 12)]
        snapshot.notices = ["The database cannot be reached, the bots stay offline"]
        snapshot.warnings = (0..<100).map { ChildLine("{\"level\":\"warning\",\"message\":\"w\($0)\"}", from: "music") }
        return snapshot
    }

    @Test func showsWhatAnOperatorAsksFor() {
        let text = StatusScreen(width: 100, height: 40, colour: false).lines(snapshot).joined(separator: "\n")
        for part in [
            "ready after 3.4 s", "up 1:02:05", "http://127.0.0.1:8090", "gateway", "9101", "21 MB", "restarting", "4",
            "iris", "online", "12 ms", "The database cannot be reached", "music: w99",
        ] {
            #expect(text.contains(part), "\(part)")
        }
        #expect(!text.contains("\u{1B}[31m"))
    }

    @Test(arguments: [10, 15, 24, 50])
    func neverOutgrowsTheTerminal(height: Int) {
        #expect(StatusScreen(width: 80, height: height).lines(snapshot).count < height)
    }

    @Test func readsTheLinesOfChildren() {
        let ours = ChildLine(
            "{\"time\":\"t\",\"level\":\"error\",\"service\":\"music\",\"message\":\"node lost\",\"node\":\"a\"}",
            from: "music"
        )
        #expect(ours.level == .error)
        #expect(ours.message == "node lost")
        #expect(ours.details == "node=a")
        #expect(ChildLine("Fatal error: index out of range", from: "music").level == .warning)
        #expect(ChildLine("2026-11-21 08:00:00 UTC [1] FATAL:  no space", from: "postgres").level == .error)
        #expect(ChildLine("2026-11-21 08:00:00 UTC [1] LOG:  ready", from: "postgres").level == .debug)
    }
}
