import FoundationEssentials

/// The files of this repository.
enum Repository {
    /// Its root.
    static let root: String = {
        var parts = #filePath.split(separator: "/").map(String.init)
        parts.removeLast(3)
        return "/" + parts.joined(separator: "/")
    }()

    /// A file with its text.
    struct File: Sendable {
        /// From the root.
        let path: String
        let text: String

        /// The lines with their numbers, without comments.
        var code: [(number: Int, text: Substring)] {
            text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
                let trimmed = line.drop { $0 == " " || $0 == "\t" }
                return trimmed.hasPrefix("//") || trimmed.isEmpty ? nil : (index + 1, trimmed)
            }
        }

        /// The modules that it imports.
        var imports: [String] {
            code.compactMap { _, line in
                var words = line.split(separator: " ")
                while let first = words.first,
                    first.hasPrefix("@") || ["package", "public", "internal"].contains(first)
                {
                    words.removeFirst()
                }
                guard words.first == "import", words.count >= 2 else { return nil }
                let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "typealias"]
                let module = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
                return String(module.prefix { $0 != "." })
            }
        }
    }

    /// All files below a folder whose name ends so; generated ones are left out.
    static func files(in folder: String, suffix: String = ".swift") -> [File] {
        let base = "\(root)/\(folder)"
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: base)) ?? []
        return names.sorted().filter { $0.hasSuffix(suffix) && !$0.contains("Generated/") }.compactMap { name in
            guard let data = try? Data(contentsOf: URL(filePath: "\(base)/\(name)")) else { return nil }
            return File(path: "\(folder)/\(name)", text: String(decoding: data, as: UTF8.self))
        }
    }

    /// One file's text; empty if there is none.
    static func text(_ path: String) -> String {
        (try? Data(contentsOf: URL(filePath: "\(root)/\(path)"))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
