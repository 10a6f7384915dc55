import DiscordModel

/// What a member types into the command entry: `/words add word:floopword`, turned into an interaction's options.
///
/// Options are written `name:value`; a value runs up to the next known name. Text before the first name fills the
/// first option that has no value, so that `/play lofi` works where Discord's client would have put the caret there.
struct CommandLineParser {
    let world: World
    let guildID: GuildID?

    struct Resolved {
        var users: [String: JSONValue] = [:]
        var members: [String: JSONValue] = [:]
        var roles: [String: JSONValue] = [:]
        var channels: [String: JSONValue] = [:]

        var json: JSONValue? {
            let all = ["users": users, "members": members, "roles": roles, "channels": channels]
                .filter { !$0.value.isEmpty }.mapValues { JSONValue.object($0) }
            return all.isEmpty ? nil : .object(all)
        }
    }

    struct Parsed {
        /// With subcommands: `words add`.
        var fullName: String
        var options: [JSONValue]
        var resolved: Resolved
    }

    /// - Parameter focused: the option that is being typed, for autocompletion: nothing is required then.
    func parse(_ command: ApplicationCommand, _ rest: Substring, focused: String? = nil) throws(DiscordError) -> Parsed
    {
        var resolved = Resolved()
        var rest = rest
        var path: [String] = []
        var options = command.options
        // Descend through group and subcommand.
        while let first = options.first?["type"]?.integerValue, first <= 2 {
            rest = rest.drop { $0 == " " }
            let word = rest.prefix { $0 != " " }
            guard let next = options.first(where: { $0["name"]?.stringValue == String(word) }) else {
                let names = options.compactMap { $0["name"]?.stringValue }.joined(separator: ", ")
                throw Self.refuse("/\(command.name) needs one of: \(names)")
            }
            rest = rest.dropFirst(word.count)
            path.append(String(word))
            options = next["options"]?.arrayValue ?? []
            if next["type"]?.integerValue == 1 { break }
        }
        var leaves = try values(of: options, in: String(rest), focused: focused, &resolved)
        for (index, name) in path.enumerated().reversed() {
            let isGroup = index == 0 && path.count == 2
            leaves = [["name": .string(name), "type": isGroup ? 2 : 1, "options": .array(leaves)]]
        }
        return Parsed(
            fullName: ([command.name] + path).joined(separator: " "),
            options: leaves,
            resolved: resolved
        )
    }

    private func values(
        of options: [JSONValue],
        in text: String,
        focused: String?,
        _ resolved: inout Resolved
    ) throws(DiscordError) -> [JSONValue] {
        let names = options.compactMap { $0["name"]?.stringValue }
        var given = Self.split(text, names: names)
        if let loose = given.removeValue(forKey: ""), !loose.isEmpty {
            guard let target = names.first(where: { given[$0] == nil }) else {
                throw Self.refuse("Nothing takes \"\(loose)\"")
            }
            given[target] = loose
        }
        var result: [JSONValue] = []
        for option in options {
            let name = option["name"]?.stringValue ?? ""
            guard let text = given[name] ?? (focused == name ? "" : nil) else {
                if focused == nil, option["required"]?.boolValue == true { throw Self.refuse("\(name) is missing") }
                continue
            }
            let type = option["type"]?.integerValue ?? 3
            var member: [String: JSONValue] = ["name": .string(name), "type": .integer(type)]
            if focused == name {
                member["value"] = .string(text)
                member["focused"] = true
            } else {
                member["value"] = try value(text, of: option, type, &resolved)
            }
            result.append(.object(member))
        }
        return result
    }

    /// `a:1 b:two words` by the names that the command knows; what stands before the first is under "".
    static func split(_ text: String, names: [String]) -> [String: String] {
        var result: [String: String] = [:]
        var current = ""
        var words: [Substring] = []
        func flush() { result[current] = words.joined(separator: " ") }
        for word in text.split(separator: " ", omittingEmptySubsequences: true) {
            if let colon = word.firstIndex(of: ":"), names.contains(String(word[..<colon])) {
                flush()
                current = String(word[..<colon])
                let tail = word[word.index(after: colon)...]
                words = tail.isEmpty ? [] : [tail]
            } else {
                words.append(word)
            }
        }
        flush()
        if result[""]?.isEmpty == true { result[""] = nil }
        return result
    }

    private func value(
        _ text: String,
        of option: JSONValue,
        _ type: Int64,
        _ resolved: inout Resolved
    ) throws(DiscordError) -> JSONValue {
        let name = option["name"]?.stringValue ?? ""
        if let choices = option["choices"]?.arrayValue, !choices.isEmpty {
            let found = choices.first {
                $0["name"]?.stringValue?.lowercased() == text.lowercased() || $0["value"]?.stringValue == text
                    || $0["value"]?.integerValue.map(String.init) == text
            }
            guard let value = found?["value"] else { throw Self.refuse("\(text) is not a choice of \(name)") }
            return value
        }
        switch type {
        case 4, 10:
            guard let number = type == 4 ? Int64(text).map(Double.init) : Double(text) else {
                throw Self.refuse("\(name) is not a number: \(text)")
            }
            if let low = option["min_value"]?.doubleValue, number < low { throw Self.refuse("\(name) is below \(low)") }
            if let high = option["max_value"]?.doubleValue, number > high {
                throw Self.refuse("\(name) is above \(high)")
            }
            return type == 4 ? .integer(Int64(text) ?? 0) : .number(number)
        case 5:
            guard let value = ["true": true, "yes": true, "false": false, "no": false][text.lowercased()] else {
                throw Self.refuse("\(name) is true or false, not \(text)")
            }
            return .bool(value)
        case 6: return try resolveUser(text, &resolved)
        case 7: return try resolveChannel(text, &resolved)
        case 8: return try resolveRole(text, &resolved)
        case 9:
            if let user = try? resolveUser(text, &resolved) { return user }
            return try resolveRole(text, &resolved)
        default:
            let count = Int64(text.unicodeScalars.count)
            if count < option["min_length"]?.integerValue ?? 0 { throw Self.refuse("\(name) is too short") }
            if count > option["max_length"]?.integerValue ?? 6000 { throw Self.refuse("\(name) is too long") }
            return .string(text)
        }
    }

    private func resolveUser(_ text: String, _ resolved: inout Resolved) throws(DiscordError) -> JSONValue {
        guard let id = world.findUser(text) else { throw Self.refuse("No member \(text)") }
        resolved.users[id.description] = world.userJSON(id)
        if let guildID, let member = world.guilds[guildID]?.members[id] {
            resolved.members[id.description] = world.memberJSON(member, withUser: false).merging([
                "permissions": .permissions(world.permissions(of: id, in: guildID))
            ])
        }
        return .id(id)
    }

    private func resolveChannel(_ text: String, _ resolved: inout Resolved) throws(DiscordError) -> JSONValue {
        guard let channel = world.findChannel(text) else { throw Self.refuse("No channel \(text)") }
        resolved.channels[channel.id.description] = world.channelJSON(channel).merging([
            "permissions": .permissions(.everyKnown)
        ])
        return .id(channel.id)
    }

    private func resolveRole(_ text: String, _ resolved: inout Resolved) throws(DiscordError) -> JSONValue {
        guard let guildID, let role = world.findRole(text, in: guildID) else { throw Self.refuse("No role \(text)") }
        resolved.roles[role.id.description] = world.roleJSON(role)
        return .id(role.id)
    }

    static func refuse(_ text: String) -> DiscordError {
        DiscordError(status: 400, code: 0, message: text)
    }
}
