import BusContract
import DiscordModel
import HTTPTypes

extension Endpoint {
    /// `GET /api/guilds`
    static func guilds(_ backend: any AdminBackend) -> Endpoint {
        Endpoint(
            method: .get,
            path: "/api/guilds",
            scope: .read,
            name: "listGuilds",
            summary: "The guilds that our bots are in.",
            answer: list(of: "Guild")
        ) { _ in
            try Answer.json(ListAnswer(try await backend.guilds().map { GuildAnswer($0) }))
        }
    }

    /// `GET /api/guilds/{id}`
    static func guild(_ backend: any AdminBackend) -> Endpoint {
        Endpoint(
            method: .get,
            path: "/api/guilds/{id}",
            scope: .read,
            name: "getGuild",
            summary: "One guild.",
            parameters: [Parameter(name: "id", place: .path, schema: Schema.id, summary: "The guild's id.")],
            answer: Schema.reference("Guild"),
            failures: [404]
        ) { call in
            let id = GuildID(try call.path("id", as: UInt64.self, "a guild's id"))
            let facts = try await backend.guild(id)
            guard facts.known else { throw APIError.notFound("id", "none of our bots is in guild \(id)") }
            return try Answer.json(
                GuildAnswer(
                    GuildSummary(
                        guild: facts.guild,
                        name: facts.name,
                        memberCount: facts.memberCount,
                        bots: facts.bots,
                        observer: facts.observer
                    )
                )
            )
        }
    }
}
