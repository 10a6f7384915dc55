import FoundationEssentials

/// A service's texts to members and admins, in every language.
///
/// A text's file is JSON: a key gives a text, or an object of plural categories chosen by the argument `count`.
/// `{name}` stands for an argument. The English file is the complete one; a key that another language lacks is read in
/// English, and a test holds that no language lacks one.
package struct Catalogue: Sendable {
    private let texts: [Language: [String: Text]]

    /// Reads one JSON file a language.
    ///
    /// - Throws: `CatalogueError` naming the language and the key.
    package init(_ files: [Language: [UInt8]]) throws(CatalogueError) {
        var texts: [Language: [String: Text]] = [:]
        for (language, bytes) in files {
            do {
                texts[language] = try JSONDecoder().decode([String: Text].self, from: Data(bytes))
            } catch {
                throw CatalogueError(language: language, detail: "\(error)")
            }
        }
        self.texts = texts
    }

    /// Reads a service's five files, as `PackageResources` has them.
    package init(
        en: [UInt8],
        uk: [UInt8],
        ru: [UInt8],
        ko: [UInt8],
        zhTW: [UInt8]
    ) throws(CatalogueError) {
        try self.init([.english: en, .ukrainian: uk, .russian: ru, .korean: ko, .traditionalChinese: zhTW])
    }

    private init(texts: [Language: [String: Text]]) {
        self.texts = texts
    }

    /// Both catalogues' texts; on a key that both have, the other's wins.
    package func merging(_ other: Catalogue) -> Catalogue {
        Catalogue(texts: texts.merging(other.texts) { mine, theirs in mine.merging(theirs) { _, new in new } })
    }

    /// The text of a key, with its arguments filled in. A key that no language has comes back as itself.
    package func text(_ key: String, in language: Language, _ arguments: [String: String] = [:]) -> String {
        guard let text = texts[language]?[key] ?? texts[.english]?[key] else { return key }
        return text.template(count: arguments["count"].flatMap { Int($0) }, language: language).filled(with: arguments)
    }

    /// The text that another language has of its own, nil when it would be the English one.
    package func ownText(_ key: String, in language: Language) -> String? {
        texts[language]?[key].map { $0.template(count: nil, language: language) }
    }

    /// What a translator has to mend, a line each; empty when every language has every text with the same arguments.
    ///
    /// Names of commands and options may be left out: Discord then shows the English one.
    package var problems: [String] {
        Language.allCases.flatMap { language in
            let difference = difference(to: language)
            return difference.missing.filter { !($0.hasPrefix("command.") && $0.hasSuffix(".name")) }
                .map { "\(language.rawValue) lacks \($0)" }
                + difference.unknown.map { "\(language.rawValue) has \($0), which English has not" }
                + keys.filter { placeholders(of: $0, in: language) != placeholders(of: $0, in: .english) }
                .filter { !difference.missing.contains($0) }
                .map { "\(language.rawValue) has other arguments in \($0)" }
        }
    }

    /// The keys that English has and that language has not, and the other way round.
    package func difference(to language: Language) -> (missing: [String], unknown: [String]) {
        let english = Set((texts[.english] ?? [:]).keys)
        let other = Set((texts[language] ?? [:]).keys)
        return (english.subtracting(other).sorted(), other.subtracting(english).sorted())
    }

    /// The argument names that a key's text uses: every language must use the same ones.
    package func placeholders(of key: String, in language: Language) -> Set<String> {
        guard let text = texts[language]?[key] else { return [] }
        return text.templates.reduce(into: []) { $0.formUnion($1.placeholders) }
    }

    /// Every key of the English catalogue.
    package var keys: [String] {
        (texts[.english] ?? [:]).keys.sorted()
    }
}

/// A catalogue's file that cannot be read.
package struct CatalogueError: Error, CustomStringConvertible {
    package let language: Language
    package let detail: String

    package var description: String { "texts in \(language.rawValue): \(detail)" }
}

private enum Text: Decodable, Sendable {
    case plain(String)
    case plural([String: String])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .plain(text)
        } else {
            let forms = try container.decode([String: String].self)
            guard forms[PluralCategory.other.rawValue] != nil else {
                throw DecodingError.dataCorruptedError(
                    in: container,
                    debugDescription: "a plural needs the form \"other\""
                )
            }
            self = .plural(forms)
        }
    }

    var templates: [String] {
        switch self {
        case .plain(let text): [text]
        case .plural(let forms): Array(forms.values)
        }
    }

    func template(count: Int?, language: Language) -> String {
        switch self {
        case .plain(let text):
            return text
        case .plural(let forms):
            let category = count.map { language.pluralCategory(of: $0) } ?? .other
            return forms[category.rawValue] ?? forms[PluralCategory.other.rawValue] ?? ""
        }
    }
}

extension String {
    /// Replaces `{name}` by its argument; a name without an argument stays as it is. Arguments are not read again, so
    /// that what a member wrote cannot name another argument.
    fileprivate func filled(with arguments: [String: String]) -> String {
        var result = ""
        var rest = Substring(self)
        while let open = rest.firstIndex(of: "{") {
            result += rest[..<open]
            rest = rest[open...]
            guard let close = rest.firstIndex(of: "}"),
                let argument = arguments[String(rest[rest.index(after: open)..<close])]
            else {
                result.append("{")
                rest = rest.dropFirst()
                continue
            }
            result += argument
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    fileprivate var placeholders: Set<String> {
        var names: Set<String> = []
        var rest = Substring(self)
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            names.insert(String(rest[rest.index(after: open)..<close]))
            rest = rest[rest.index(after: close)...]
        }
        return names
    }
}
