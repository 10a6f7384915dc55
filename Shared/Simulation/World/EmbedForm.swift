/// Checks and completes the embeds of a message. Limits: API documentation, "Embed Limits".
enum EmbedForm {
    static func check(_ embeds: [JSONValue], _ errors: inout FormErrors) -> [JSONValue] {
        if embeds.count > 10 { errors.add(["embeds"], "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.") }
        var total = 0
        let result = embeds.enumerated().map { index, embed in
            check(embed, ["embeds", String(index)], &total, &errors)
        }
        if total > 6000 {
            errors.add(
                ["embeds"],
                "MAX_EMBED_SIZE_EXCEEDED",
                "Embed size exceeds maximum size of 6000"
            )
        }
        return result
    }

    private static func check(
        _ embed: JSONValue,
        _ path: [String],
        _ total: inout Int,
        _ errors: inout FormErrors
    ) -> JSONValue {
        var members = (embed.objectValue ?? [:]).filter { !$0.value.isNull }
        func text(_ value: JSONValue?, _ limit: Int, _ path: [String], required: Bool = false) -> Int {
            guard let text = value?.stringValue, !required || !text.isEmpty else {
                if required { errors.required(path) }
                return 0
            }
            errors.checkLength(text, 0...limit, path)
            return text.unicodeScalars.count
        }
        total += text(members["title"], 256, path + ["title"])
        total += text(members["description"], 4096, path + ["description"])
        if let footer = members["footer"] {
            total += text(footer["text"], 2048, path + ["footer", "text"], required: true)
        }
        if let author = members["author"] {
            total += text(author["name"], 256, path + ["author", "name"], required: true)
        }
        if let fields = members["fields"]?.arrayValue {
            if fields.count > 25 {
                errors.add(path + ["fields"], "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
            }
            members["fields"] = .array(
                fields.enumerated().map { index, field in
                    let here = path + ["fields", String(index)]
                    total += text(field["name"], 256, here + ["name"], required: true)
                    total += text(field["value"], 1024, here + ["value"], required: true)
                    return [
                        "name": field["name"] ?? "", "value": field["value"] ?? "",
                        "inline": .bool(field["inline"]?.boolValue ?? false),
                    ]
                }
            )
        }
        if let color = members["color"]?.integerValue, !(0...0xFF_FFFF).contains(color) {
            errors.add(path + ["color"], "NUMBER_TYPE_MAX", "int value should be less than or equal to 16777215.")
        }
        if let time = members["timestamp"] {
            if let parsed = time.stringValue.flatMap(DiscordTimestamp.parse) {
                members["timestamp"] = .time(parsed)
            } else {
                errors.add(
                    path + ["timestamp"],
                    "DATE_TIME_TYPE_PARSE",
                    "Could not parse \(time.text). Should be ISO8601."
                )
            }
        }
        for key in ["url", "image", "thumbnail"] {
            let url = key == "url" ? members[key]?.stringValue : members[key]?["url"]?.stringValue
            guard let url else { continue }
            let schemes = key == "url" ? ["http://", "https://"] : ["http://", "https://", "attachment://"]
            if !schemes.contains(where: url.hasPrefix) {
                errors.add(
                    path + (key == "url" ? ["url"] : [key, "url"]),
                    "URL_TYPE_INVALID_URL",
                    "Not a well formed URL."
                )
            }
        }
        members["type"] = "rich"
        return .object(members)
    }
}
