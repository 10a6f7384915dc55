import DiscordModel
import HTTPTypes
import Store

extension Endpoint {
    /// Cases on a page unless the caller says otherwise.
    static let defaultPage = 50
    /// Cases on a page at most.
    static let largestPage = 200

    /// `GET /api/cases`
    static func cases(_ backend: any AdminBackend) -> Endpoint {
        Endpoint(
            method: .get,
            path: "/api/cases",
            scope: .read,
            name: "listCases",
            summary: "Moderation cases from the newest on.",
            parameters: [
                Parameter(name: "guild", place: .query, schema: Schema.id, summary: "Only of this guild."),
                Parameter(name: "user", place: .query, schema: Schema.id, summary: "Only of this member."),
                Parameter(
                    name: "limit",
                    place: .query,
                    schema: ["type": "integer", "minimum": 1, "maximum": .integer(largestPage)],
                    summary: "Cases on the page."
                ),
                Parameter(
                    name: "cursor",
                    place: .query,
                    schema: ["type": "string", "pattern": "^[0-9]{1,19}-[1-9][0-9]{0,8}$"],
                    summary: "`next` of the page before."
                ),
            ],
            answer: list(of: "Case")
        ) { call in
            let guild = try call.query("guild", as: UInt64.self, "a guild's id").map { GuildID($0) }
            let user = try call.query("user", as: UInt64.self, "a user's id").map { UserID($0) }
            let limit = try call.query("limit", as: Int.self, "a whole number") ?? defaultPage
            guard (1...largestPage).contains(limit) else {
                throw APIError.invalid("limit", expected: "a whole number from 1 to \(largestPage)")
            }
            let cursor = try call.query("cursor", as: CaseCursor.self, "the value of `next` of another page")
            // One more than is shown tells whether there is another page.
            let found = try await backend.cases(guild: guild, user: user, after: cursor, limit: limit + 1)
            let page = found.prefix(limit)
            let next = found.count > limit ? page.last.map { CaseCursor(guild: $0.guild, number: $0.number) } : nil
            return try Answer.json(ListAnswer(page.map { CaseAnswer($0) }, next: next?.description))
        }
    }

    /// A list of a component, with its cursor.
    static func list(of name: String) -> JSONTree {
        Schema.object([
            "items": .required(Schema.list(Schema.reference(name))), "next": .optional(Schema.text),
        ])
    }
}
