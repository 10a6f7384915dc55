import FoundationEssentials
import Subprocess
import SystemPackage
import Testing

/// What `make test` says last: `infra/scripts/summary.py`, run on logs as Swift Testing writes them.
@Suite struct SummaryTests {
    private static let finished = """
        ◇ Test run started.
        ↳ Testing Library Version: 6.3.1
        ◇ Test aDraw() started.
        \u{1B}[92m✔\u{1B}[0m Test aDraw() passed after 0.001 seconds.
        ◇ Test "a word, twice" started.
        ◇ Test case passing 1 argument seed → 1 to "a word, twice" started.
        ✔ Test case passing 1 argument seed → 1 to "a word, twice" passed after 0.001 seconds.
        ✔ Test "a word, twice" with 1 test case passed after 0.002 seconds.
        ➜ Suite "recovery" skipped: "it runs for minutes"
        ➜ Test "kill -9" skipped: "it runs for minutes"

        """

    private func summary(of log: String, status: Int) async throws -> (lines: [String], succeeded: Bool) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "summary-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "test.log")
        try Data(log.utf8).write(to: file)
        let result = try await run(
            .path("/usr/bin/python3"),
            arguments: ["\(Repository.root)/infra/scripts/summary.py", file.path, "\(status)"],
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 16)
        )
        let lines = result.standardOutput.split(separator: "\n").map(String.init)
        return (lines, result.terminationStatus.isSuccess)
    }

    @Test func aGoodRunIsItsClosingLine() async throws {
        let log = Self.finished + "✔ Test run with 3 tests in 2 suites passed after 1.0 seconds.\n"
        let (lines, succeeded) = try await summary(of: log, status: 0)
        #expect(lines == ["2 passed, 0 failed, 1 skipped"])
        #expect(succeeded)
    }

    @Test func whatFailedStandsBeforeTheClosingLine() async throws {
        let log =
            Self.finished + """
                ◇ Test "music plays" started.
                ✘ Test "music plays" recorded an issue with 1 argument bot → "iris" at MusicTests.swift:7:9: Caught error: \
                \(String(repeating: "x", count: 5000))
                ↳ more
                ✘ Test "music plays" recorded an issue at MusicTests.swift:9:9: another
                ✘ Test "music plays" with 2 test cases failed after 1.0 seconds with 2 issues.
                ✘ Test run with 4 tests in 3 suites failed after 1.0 seconds with 2 issues.

                """
        let (lines, succeeded) = try await summary(of: log, status: 1)
        #expect(!succeeded)
        #expect(lines.count == 3)
        #expect(lines.first == "Failed:")
        let told = try #require(lines.dropFirst().first)
        #expect(
            told.hasPrefix("  \"music plays\": with 1 argument bot → \"iris\" at MusicTests.swift:7:9: Caught error: x")
        )
        #expect(told.count < 500)
        #expect(lines.last == "2 passed, 1 failed, 1 skipped")
    }

    @Test func aCrashNamesTheTestThatRan() async throws {
        let log =
            Self.finished + """
                ◇ Test "answers grow" started.
                PersonaCore/Turn.swift:177: Fatal error: Index out of range

                """
        let (lines, succeeded) = try await summary(of: log, status: 132)
        #expect(!succeeded)
        #expect(
            lines == [
                "Crashed or left behind:", "  PersonaCore/Turn.swift:177: Fatal error: Index out of range",
                "Running when it ended:", "  \"answers grow\"",
                "The run did not come to its end: it ended by SIGILL.", "2 passed, 1 failed, 1 skipped",
            ]
        )
    }

    @Test func aProcessLeftBehindIsAFailure() async throws {
        let log =
            Self.finished + """
                ✔ Test run with 3 tests in 2 suites passed after 1.0 seconds.
                left behind: 4711 /usr/lib/postgresql/15/bin/postgres

                """
        let (lines, succeeded) = try await summary(of: log, status: 1)
        #expect(!succeeded)
        #expect(lines.contains("  left behind: 4711 /usr/lib/postgresql/15/bin/postgres"))
        #expect(lines.suffix(2) == ["The run ended with status 1.", "2 passed, 1 failed, 1 skipped"])
    }
}
