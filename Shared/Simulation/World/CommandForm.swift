/// Checks and completes the definition of an application command.
///
/// Limits: API documentation, "Application Command Object", "Application Command Naming", "Option Structure".
enum CommandForm {
    /// Members that a definition may have; others are dropped, as Discord does.
    private static let known: Set<String> = [
        "name", "name_localizations", "description", "description_localizations", "options",
        "default_member_permissions", "dm_permission", "contexts", "integration_types", "nsfw", "type", "handler",
    ]

    static func check(
        _ body: JSONValue,
        path: [String],
        _ errors: inout FormErrors
    ) -> (kind: ApplicationCommand.Kind, definition: [String: JSONValue])? {
        guard let members = body.objectValue else {
            errors.add(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
            return nil
        }
        let type = members["type"].flatMap(\.integerValue).map(Int.init) ?? 1
        guard let kind = ApplicationCommand.Kind(rawValue: type) else {
            errors.add(path + ["type"], "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4).")
            return nil
        }
        var result = members.filter { known.contains($0.key) && !$0.value.isNull }
        checkName(members["name"], isCommand: kind == .chatInput, path + ["name"], &errors)
        if kind == .chatInput {
            checkDescription(members["description"], path + ["description"], &errors)
        } else {
            if members["description"]?.stringValue?.isEmpty == false {
                errors.add(
                    path + ["description"],
                    "APPLICATION_COMMAND_INVALID_DESCRIPTION",
                    "Context menu commands cannot have description"
                )
            }
            result["description"] = ""
        }
        for key in ["name_localizations", "description_localizations"] { result[key] = members[key] ?? .null }
        if let options = members["options"]?.arrayValue {
            let checked = checkOptions(options, depth: 0, path + ["options"], &errors)
            result["options"] = checked.isEmpty ? nil : .array(checked)
        }
        result["type"] = .int(kind.rawValue)
        result["nsfw"] = .bool(members["nsfw"]?.boolValue ?? false)
        result["default_member_permissions"] = permissions(members["default_member_permissions"])
        result["contexts"] = members["contexts"] ?? .null
        result["integration_types"] = result["integration_types"] ?? [0]
        if totalLength(result) > 8000 {
            errors.add(
                path,
                "APPLICATION_COMMAND_TOO_LARGE",
                "Command exceeds maximum size (8000)"
            )
        }
        return (kind, result)
    }

    private static func permissions(_ value: JSONValue?) -> JSONValue {
        if let text = value?.stringValue, UInt64(text) != nil { return .string(text) }
        return value?.integerValue.map { .string(String($0)) } ?? .null
    }

    private static func checkName(
        _ value: JSONValue?,
        isCommand: Bool,
        _ path: [String],
        _ errors: inout FormErrors
    ) {
        guard let name = value?.stringValue else { return errors.required(path) }
        let count = name.unicodeScalars.count
        guard (1...32).contains(count) else {
            return errors.add(path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 32 in length.")
        }
        // `^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$`; marks of Devanagari and Thai are the scripts' own part.
        let isValid = name.unicodeScalars.allSatisfy { scalar in
            scalar == "-" || scalar == "_" || scalar == "'" || scalar.properties.isAlphabetic
                || scalar.properties.numericType != nil || (0x0900...0x097F).contains(scalar.value)
                || (0x0E00...0x0E7F).contains(scalar.value)
        }
        if isCommand, !isValid || name != name.lowercased() {
            errors.add(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
        }
    }

    private static func checkDescription(_ value: JSONValue?, _ path: [String], _ errors: inout FormErrors) {
        guard let text = value?.stringValue else { return errors.required(path) }
        errors.checkLength(text, 1...100, path)
    }

    private static func checkOptions(
        _ options: [JSONValue],
        depth: Int,
        _ path: [String],
        _ errors: inout FormErrors
    ) -> [JSONValue] {
        if options.count > 25 { errors.add(path, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.") }
        var names: Set<String> = []
        var optionalSeen = false
        return options.enumerated().map { index, option in
            let here = path + [String(index)]
            var members = (option.objectValue ?? [:]).filter { !$0.value.isNull }
            let type = members["type"]?.integerValue ?? 0
            checkName(members["name"], isCommand: true, here + ["name"], &errors)
            checkDescription(members["description"], here + ["description"], &errors)
            if !names.insert(members["name"]?.stringValue ?? "").inserted {
                errors.add(path, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique")
            }
            guard (1...11).contains(type) else {
                errors.add(
                    here + ["type"],
                    "BASE_TYPE_CHOICES",
                    "Value must be one of (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)."
                )
                return option
            }
            if type <= 2 {
                let allowed = type == 1 ? depth <= 1 : depth == 0
                if !allowed {
                    errors.add(
                        here + ["type"],
                        "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
                        "Sub-command option type invalid"
                    )
                }
                let children = checkOptions(
                    members["options"]?.arrayValue ?? [],
                    depth: depth + 1,
                    here + ["options"],
                    &errors
                )
                members["options"] = children.isEmpty ? nil : .array(children)
                members["required"] = nil
            } else {
                let isRequired = members["required"]?.boolValue ?? false
                if isRequired, optionalSeen {
                    errors.add(
                        here,
                        "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                        "Required options must be placed before non-required options"
                    )
                }
                optionalSeen = optionalSeen || !isRequired
                checkChoices(members, type, here, &errors)
                members["options"] = nil
            }
            return .object(members)
        }
    }

    private static func checkChoices(
        _ members: [String: JSONValue],
        _ type: Int64,
        _ path: [String],
        _ errors: inout FormErrors
    ) {
        let choices = members["choices"]?.arrayValue ?? []
        if choices.count > 25 {
            errors.add(path + ["choices"], "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
        }
        if !choices.isEmpty, members["autocomplete"]?.boolValue == true {
            errors.add(
                path,
                "APPLICATION_COMMAND_AUTOCOMPLETE_CHOICES",
                "Autocomplete and choices are mutually exclusive"
            )
        }
        for (index, choice) in choices.enumerated() {
            let here = path + ["choices", String(index)]
            errors.checkLength(choice["name"]?.stringValue ?? "", 1...100, here + ["name"])
            if type == 3 { errors.checkLength(choice["value"]?.stringValue ?? "", 1...100, here + ["value"]) }
        }
    }

    /// Names, descriptions and choice values of the whole tree.
    private static func totalLength(_ members: [String: JSONValue]) -> Int {
        func length(_ value: JSONValue?) -> Int { value?.stringValue?.unicodeScalars.count ?? 0 }
        let own = length(members["name"]) + length(members["description"])
        let choices = (members["choices"]?.arrayValue ?? []).reduce(0) { $0 + length($1["name"]) + length($1["value"]) }
        let children = (members["options"]?.arrayValue ?? []).reduce(0) { $0 + totalLength($1.objectValue ?? [:]) }
        return own + choices + children
    }
}
