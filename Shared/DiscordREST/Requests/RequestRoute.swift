/// What a path means for rate limits: its template, the resource it is about, and whether the global limit counts it.
package struct RequestRoute: Hashable, Sendable {
    /// Method and path with every parameter but its name taken out: `DELETE /channels/:id/messages/:id`.
    package let template: String
    /// The top-level resource as it stands in the path: `channels/1`, `guilds/2`, `webhooks/3/<token>`; empty if none.
    package let resource: String
    /// Answers to interactions: the global limit does not count them, and they carry their token in the path instead of
    /// the bot's in a header (API reference, "Interactions").
    package let isExempt: Bool

    /// Reads a path below the API's root.
    ///
    /// - Throws: `.invalid` for a path that does not begin with a slash, climbs (`..`), has empty parts, or has characters
    ///   that would have to be escaped.
    package init(method: String, path: String) throws(DiscordRESTError) {
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count <= 1000, path.utf8.allSatisfy(Self.isAllowed) else {
            throw DiscordRESTError(code: .invalid, message: "not a path of Discord's API: \(path.prefix(100))")
        }
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
            throw DiscordRESTError(code: .invalid, message: "not a path of Discord's API: \(path.prefix(100))")
        }
        var template = method
        var resource = ""
        var isExempt = false
        var previous: Substring = ""
        for (index, part) in parts.enumerated() {
            let isNumber = part.utf8.allSatisfy { (0x30...0x39).contains($0) }
            var shown = isNumber ? ":id" : String(part)
            if index == 1, isNumber, previous == "channels" || previous == "guilds" || previous == "webhooks" {
                resource = "\(previous)/\(part)"
            }
            if index == 2, parts[0] == "webhooks" {
                // A webhook's token; those of interactions are long, but no rule tells them apart, nor need it.
                shown = ":token"
                resource += "/\(part)"
                isExempt = true
            }
            if index == 2, parts[0] == "interactions" {
                shown = ":token"
                resource = "interactions/\(parts[1])"
                isExempt = true
            }
            if previous == "reactions" { shown = ":emoji" }
            if previous == "invites" { shown = ":code" }
            template += "/" + shown
            previous = part
        }
        self.template = template
        self.resource = resource
        self.isExempt = isExempt
    }

    /// Unreserved characters, `@` (`@me`, `@original`), `:` (emoji) and the percent sign of escapes.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."), UInt8(ascii: "~"), UInt8(ascii: "@"), UInt8(ascii: ":"), UInt8(ascii: "%"):
            return true
        default:
            return false
        }
    }
}
