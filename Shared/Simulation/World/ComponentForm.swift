/// Checks and completes message components: limits, unique custom ids, and the numbers that Discord gives to each.
///
/// Source: API documentation, "Component Reference".
enum ComponentForm {
    private struct Walk {
        var next: Int64 = 1
        var count = 0
        var customIDs: Set<String> = []
        let isV2: Bool
    }

    /// Types that may stand at the top of a message with IS_COMPONENTS_V2.
    private static let topLevelV2: Set<Int64> = [1, 9, 10, 12, 13, 14, 17]

    static func check(_ components: [JSONValue], isV2: Bool, _ errors: inout FormErrors) -> [JSONValue] {
        var walk = Walk(isV2: isV2)
        if !isV2, components.count > 5 {
            errors.add(["components"], "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
        }
        let result = components.enumerated().map { index, component in
            let path = ["components", String(index)]
            let type = component["type"]?.integerValue ?? 0
            if isV2 ? !topLevelV2.contains(type) : type != 1 {
                errors.add(
                    path + ["type"],
                    "UNION_TYPE_CHOICES",
                    "Value of field \"type\" must be one of \(isV2 ? "(1, 9, 10, 12, 13, 14, 17)" : "(1,)")."
                )
            }
            return visit(component, path, &walk, &errors)
        }
        if walk.count > 40 {
            errors.add(
                ["components"],
                "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
                "The total number of components exceeds 40."
            )
        }
        return result
    }

    private static func visit(
        _ component: JSONValue,
        _ path: [String],
        _ walk: inout Walk,
        _ errors: inout FormErrors
    ) -> JSONValue {
        var members = (component.objectValue ?? [:]).filter { !$0.value.isNull }
        let type = members["type"]?.integerValue ?? 0
        if members["id"] == nil || members["id"] == 0 { members["id"] = .integer(walk.next) }
        walk.next += 1
        walk.count += 1
        switch type {
        case 1: row(members, path, &errors)
        case 2: button(members, path, &walk, &errors)
        case 3, 5, 6, 7, 8: select(&members, type, path, &walk, &errors)
        case 10:
            if (members["content"]?.stringValue ?? "").isEmpty { errors.required(path + ["content"]) }
        case 17:
            members["accent_color"] = members["accent_color"] ?? .null
            members["spoiler"] = members["spoiler"] ?? false
        case 14:
            members["divider"] = members["divider"] ?? true
            members["spacing"] = members["spacing"] ?? 1
        default: break
        }
        if let children = members["components"]?.arrayValue {
            members["components"] = .array(
                children.enumerated().map { index, child in
                    visit(child, path + ["components", String(index)], &walk, &errors)
                }
            )
        }
        if let accessory = members["accessory"] {
            members["accessory"] = visit(accessory, path + ["accessory"], &walk, &errors)
        }
        return .object(members)
    }

    private static func row(_ members: [String: JSONValue], _ path: [String], _ errors: inout FormErrors) {
        let children = members["components"]?.arrayValue ?? []
        let selects = children.count { ($0["type"]?.integerValue ?? 0) != 2 }
        if children.isEmpty || children.count > 5 || (selects > 0 && children.count > 1) {
            let limit = selects > 0 ? 1 : 5
            errors.add(path + ["components"], "BASE_TYPE_BAD_LENGTH", "Must be between 1 and \(limit) in length.")
        }
    }

    private static func button(
        _ members: [String: JSONValue],
        _ path: [String],
        _ walk: inout Walk,
        _ errors: inout FormErrors
    ) {
        if let label = members["label"]?.stringValue { errors.checkLength(label, 0...80, path + ["label"]) }
        let style = members["style"]?.integerValue ?? 0
        guard (1...6).contains(style) else {
            return errors.add(path + ["style"], "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4, 5, 6).")
        }
        if style == 5 {
            if members["url"]?.stringValue == nil { errors.required(path + ["url"]) }
        } else if style != 6 {
            customID(members, path, &walk, &errors)
        }
    }

    private static func select(
        _ members: inout [String: JSONValue],
        _ type: Int64,
        _ path: [String],
        _ walk: inout Walk,
        _ errors: inout FormErrors
    ) {
        customID(members, path, &walk, &errors)
        members["min_values"] = members["min_values"] ?? 1
        members["max_values"] = members["max_values"] ?? 1
        if type == 3 {
            let options = members["options"]?.arrayValue ?? []
            if !(1...25).contains(options.count) {
                errors.add(path + ["options"], "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.")
            }
            for (index, option) in options.enumerated() {
                let here = path + ["options", String(index)]
                for key in ["label", "value"] {
                    errors.checkLength(option[key]?.stringValue ?? "", 1...100, here + [key])
                }
            }
        }
        if let text = members["placeholder"]?.stringValue { errors.checkLength(text, 0...150, path + ["placeholder"]) }
    }

    private static func customID(
        _ members: [String: JSONValue],
        _ path: [String],
        _ walk: inout Walk,
        _ errors: inout FormErrors
    ) {
        let here = path + ["custom_id"]
        guard let id = members["custom_id"]?.stringValue, !id.isEmpty else { return errors.required(here) }
        errors.checkLength(id, 1...100, here)
        if !walk.customIDs.insert(id).inserted {
            errors.add(here, "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
        }
    }

    /// All components of a message, whatever they are nested in.
    static func flatten(_ components: [JSONValue]) -> [JSONValue] {
        components.flatMap { component in
            [component] + flatten(component["components"]?.arrayValue ?? [])
                + flatten([component["accessory"], component["component"]].compactMap { $0 })
        }
    }
}
