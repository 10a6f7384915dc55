import DiscordModel

/// The mentions that a message's text contains, permitted or not.
struct MentionParser {
    private(set) var users: [UserID] = []
    private(set) var roles: [RoleID] = []
    private(set) var everyone = false

    init(_ text: String) {
        everyone = text.contains("@everyone") || text.contains("@here")
        var rest = Substring(text)
        while let open = rest.firstIndex(of: "<") {
            rest = rest[rest.index(after: open)...]
            guard rest.first == "@", let close = rest.firstIndex(of: ">") else { continue }
            var inner = rest[rest.index(after: rest.startIndex)..<close]
            if inner.first == "&" {
                inner = inner.dropFirst()
                if let id = RoleID(String(inner)), !inner.isEmpty, !roles.contains(id) { roles.append(id) }
            } else {
                if inner.first == "!" { inner = inner.dropFirst() }
                if let id = UserID(String(inner)), !inner.isEmpty, !users.contains(id) { users.append(id) }
            }
        }
    }
}
