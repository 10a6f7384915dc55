import FoundationEssentials
import Subprocess
import SystemPackage

/// The package as SwiftPM understands its manifest.
struct PackageDump: Decodable {
    struct Target: Decodable {
        struct Dependency: Decodable {
            let name: String

            /// SwiftPM writes `{"byName": ["X", null]}`, `{"target": ["X", …]}` or `{"product": ["X", "package", …]}`.
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                let parts = try container.decode([String: [Part]].self)
                name = parts.values.first?.first?.text ?? ""
            }
        }

        struct Part: Decodable {
            let text: String?

            init(from decoder: any Decoder) throws {
                text = try? decoder.singleValueContainer().decode(String.self)
            }
        }

        let name: String
        /// `regular`, `executable`, `test`, `system`.
        let type: String
        let path: String?
        let dependencies: [Dependency]

        /// The folder of its sources.
        var folder: String { path ?? "" }
    }

    let targets: [Target]

    private static let shared = Task { try await load() }

    /// The dump; made once.
    static var current: PackageDump {
        get async throws { try await shared.value }
    }

    /// Made with a scratch folder of its own: the usual one is locked while `swift test` runs.
    private static func load() async throws -> PackageDump {
        let scratch = "/tmp/ensemble-architecture-\(ProcessInfo.processInfo.processIdentifier)"
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let result = try await run(
            .name("swift"),
            arguments: ["package", "--package-path", Repository.root, "--scratch-path", scratch, "dump-package"],
            output: .bytes(limit: 8 << 20),
            error: .discarded
        )
        return try JSONDecoder().decode(PackageDump.self, from: Data(result.standardOutput))
    }

    /// A target by its name.
    subscript(_ name: String) -> Target? {
        targets.first { $0.name == name }
    }
}
