import Testing

/// CONFIG.md and the settings that the code reads are the same.
@Suite struct SettingsTests {
    private static let document = Repository.text("CONFIG.md")

    /// Texts in quotes that look like variables, in production code.
    private static let quoted: Set<String> = {
        var names: Set<String> = []
        for file in Repository.files(in: "Shared") + Repository.files(in: "Services")
        where !file.path.hasPrefix("Shared/Simulation/") {
            for (_, line) in file.code {
                for (index, part) in line.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
                where index % 2 == 1 && isVariable(part) {
                    names.insert(String(part))
                }
            }
        }
        return names
    }()

    private static func isVariable(_ text: some StringProtocol) -> Bool {
        text.contains("_") && text.first?.isUppercase == true && text.utf8.count >= 6
            && text.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }

    /// The variables that are read: quoted names that follow a typed read.
    private static let read: Set<String> = {
        var names: Set<String> = []
        let reads = [
            "string", "optional", "secret", "optionalSecret", "int", "bool", "duration", "url", "path", "list",
            "double",
            "choice", "has",
        ].map { "ettings.\($0)(\"" }
        for file in Repository.files(in: "Shared") + Repository.files(in: "Services") {
            for (_, line) in file.code {
                for read in reads {
                    var rest = line
                    while let range = rest.firstRange(of: read) {
                        rest = rest[range.upperBound...]
                        let name = rest.prefix { $0 != "\"" }
                        if isVariable(name) { names.insert(String(name)) }
                    }
                }
            }
        }
        return names
    }()

    @Test func everySettingIsDocumented() {
        #expect(Self.read.count > 30)
        for name in Self.read.sorted() {
            #expect(Self.document.contains("`\(name)`"), "\(name) is read, but CONFIG.md does not tell of it")
        }
    }

    @Test func everyDocumentedSettingIsRead() {
        let files = Repository.files(in: "config", suffix: "") + Repository.files(in: "Shared/ServiceKit")
        let text = files.map(\.text).joined()
        let documented = Self.document.split(separator: "`").filter { Self.isVariable($0) }.map(String.init)
        #expect(documented.count > 30)
        for name in Set(documented).sorted() {
            let isPort = name.hasSuffix("_PORT")
            #expect(
                isPort || Self.quoted.contains(name) || text.contains("${\(name)"),
                "CONFIG.md tells of \(name), which nothing reads"
            )
        }
    }

    @Test func theExampleNamesOnlyWhatExists() {
        for line in Repository.text(".env.example").split(separator: "\n") {
            let name = line.drop { $0 == "#" || $0 == " " }.prefix { $0 != "=" }
            guard line.contains("="), Self.isVariable(name) else { continue }
            let isProvider = name.hasSuffix("_API_KEY") || name.hasSuffix("_BASE_URL")
            let config = Repository.files(in: "config", suffix: ".yaml").map(\.text).joined()
            #expect(
                isProvider || Self.document.contains("`\(name)`") || config.contains("${\(name)"),
                ".env.example names \(name)"
            )
        }
    }
}
