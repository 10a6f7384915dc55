import DiscordModel
import FoundationEssentials

/// Discord's application command object, as it is registered.
///
/// Source: Discord API reference, "Application Command Structure".
struct CommandDefinition: Encodable {
    let name: String
    let nameLocalizations: [String: String]
    let description: String
    let descriptionLocalizations: [String: String]
    let options: [OptionDefinition]
    let defaultMemberPermissions: Permissions?
    let contexts: [Int]
    let type = 1

    enum CodingKeys: String, CodingKey {
        case name, description, options, contexts, type
        case nameLocalizations = "name_localizations"
        case descriptionLocalizations = "description_localizations"
        case defaultMemberPermissions = "default_member_permissions"
    }

    init(_ declaration: CommandDeclaration, texts: Catalogue) {
        let path = "command.\(declaration.name)"
        name = declaration.name
        nameLocalizations = texts.localisations(of: "\(path).name")
        description = texts.text("\(path).description", in: .english)
        descriptionLocalizations = texts.localisations(of: "\(path).description")
        defaultMemberPermissions = declaration.defaultPermissions
        contexts = declaration.inDirectMessages ? [0, 1] : [0]
        options =
            declaration.subcommands.map { OptionDefinition($0, path: path, texts: texts) }
            + declaration.options.map { OptionDefinition($0, path: path, texts: texts) }
    }

    /// The object as JSON text with sorted keys, so that equal definitions are equal texts.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

struct OptionDefinition: Encodable {
    let type: Int
    let name: String
    let nameLocalizations: [String: String]
    let description: String
    let descriptionLocalizations: [String: String]
    var required: Bool?
    var autocomplete: Bool?
    var minValue: Int?
    var maxValue: Int?
    var minLength: Int?
    var maxLength: Int?
    var choices: [Choice]?
    var options: [OptionDefinition]?

    struct Choice: Encodable {
        let name: String
        let nameLocalizations: [String: String]
        let value: String

        enum CodingKeys: String, CodingKey {
            case name, value
            case nameLocalizations = "name_localizations"
        }
    }

    enum CodingKeys: String, CodingKey {
        case type, name, description, required, autocomplete, choices, options
        case nameLocalizations = "name_localizations"
        case descriptionLocalizations = "description_localizations"
        case minValue = "min_value"
        case maxValue = "max_value"
        case minLength = "min_length"
        case maxLength = "max_length"
    }

    init(_ subcommand: Subcommand, path: String, texts: Catalogue) {
        let path = "\(path).\(subcommand.name)"
        type = 1
        name = subcommand.name
        nameLocalizations = texts.localisations(of: "\(path).name")
        description = texts.text("\(path).description", in: .english)
        descriptionLocalizations = texts.localisations(of: "\(path).description")
        options = subcommand.options.map { OptionDefinition($0, path: path, texts: texts) }
    }

    init(_ option: CommandOption, path: String, texts: Catalogue) {
        let path = "\(path).\(option.name)"
        type = option.kind.rawValue
        name = option.name
        nameLocalizations = texts.localisations(of: "\(path).name")
        description = texts.text("\(path).description", in: .english)
        descriptionLocalizations = texts.localisations(of: "\(path).description")
        required = option.isRequired
        autocomplete = option.hasAutocomplete ? true : nil
        if let range = option.range {
            switch option.kind {
            case .string:
                minLength = range.lowerBound
                maxLength = range.upperBound
            default:
                minValue = range.lowerBound
                maxValue = range.upperBound
            }
        }
        if !option.choices.isEmpty {
            choices = option.choices.map { value in
                Choice(
                    name: texts.text("\(path).choice.\(value)", in: .english),
                    nameLocalizations: texts.localisations(of: "\(path).choice.\(value)"),
                    value: value
                )
            }
        }
    }
}

extension Catalogue {
    /// A key's text in each language but English, under Discord's locales.
    fileprivate func localisations(of key: String) -> [String: String] {
        var result: [String: String] = [:]
        for language in Language.allCases {
            guard let text = ownText(key, in: language) else { continue }
            for locale in language.discordLocales {
                result[locale] = text
            }
        }
        return result
    }
}
