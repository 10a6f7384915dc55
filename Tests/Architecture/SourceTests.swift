import Testing

/// What every source file keeps to.
@Suite struct SourceTests {
    private static let production = Repository.files(in: "Shared") + Repository.files(in: "Services")
    private static let all = production + Repository.files(in: "Tests")

    /// Wrappers of C, where the compiler cannot see why a handle may change threads.
    private static let wrappers = ["Shared/ZeroMQ/", "Shared/Postgres/LibPQ/", "Shared/Compression/"]

    /// Every place in production code that a condition finds.
    private static func places(_ condition: (Substring) -> Bool) -> [String] {
        production.flatMap { file in
            file.code.filter { condition($0.text) }.map { "\(file.path):\($0.number): \($0.text)" }
        }
    }

    @Test func filesStaySmall() {
        let sizes = Self.all.map { file in (file.path, file.text.count { $0 == "\n" }) }
        for (path, lines) in sizes {
            #expect(lines <= 600, "\(path) has \(lines) lines")
        }
        let sorted = sizes.map(\.1).sorted()
        #expect(sorted[sorted.count / 2] <= 120)
        #expect(sorted.count > 100)
    }

    @Test(arguments: ["try!", "fatalError(", "as!", "nonisolated(unsafe)", "import Foundation\n"])
    func noCrashesAndNoHeavyImports(construct: String) {
        let found = Self.places { line in
            construct.hasSuffix("\n") ? line == construct.dropLast() : line.contains(construct)
        }
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test func onlyWrappersOfCAreUnchecked() {
        let found = Self.places { $0.contains("@unchecked Sendable") }.filter { place in
            !Self.wrappers.contains { place.hasPrefix($0) }
        }
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test func everyTaskHasAnOwner() {
        let found = Self.places { line in
            guard let task = line.firstRange(of: "Task {") ?? line.firstRange(of: "Task.detached") else { return false }
            let before = line[..<task.lowerBound]
            // Waited for, kept, or returned.
            return !before.hasSuffix("await ") && !before.hasSuffix("= ") && !before.hasSuffix("return ")
                && !before.hasSuffix("await withCheckedContinuation { ") && before.last?.isLetter != true
        }
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test func everyMainIsOneStatement() {
        for file in Self.production where file.path.hasSuffix("/Main/main.swift") {
            let statements = file.code.filter { !$0.text.hasPrefix("import ") && !$0.text.hasPrefix("package import ") }
            #expect(statements.count == 1, "\(file.path) has \(statements.count) statements")
        }
    }

    @Test func migrationsAreNumberedOnce() {
        let numbers = Repository.files(in: "infra/migrations", suffix: ".sql").map { file in
            String(file.path.dropFirst("infra/migrations/".count).prefix(4))
        }
        #expect(Set(numbers).count == numbers.count, "\(numbers)")
        #expect(numbers.count >= 5)
    }

    @Test func everyTableIsGrantedToSomebody() {
        let scripts = Repository.files(in: "infra/migrations", suffix: ".sql")
        let text = scripts.map(\.text).joined(separator: "\n")
        let grants = text.components(after: "ensemble_grant(").joined(separator: "\n")
        for name in text.components(after: "CREATE TABLE ").compactMap({ $0.split(separator: " ").first }) {
            guard !["IF", "role_grants"].contains(name), name.first?.isLetter == true else { continue }
            #expect(grants.contains("'\(name)'"), "nobody may use the table \(name)")
        }
    }
}

extension String {
    /// The texts that follow each occurrence of a marker, up to the next semicolon.
    func components(after marker: String) -> [String] {
        var found: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: marker) {
            rest = rest[range.upperBound...]
            found.append(String(rest.prefix { $0 != ";" }))
        }
        return found
    }
}
