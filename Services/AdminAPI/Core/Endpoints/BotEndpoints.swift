import BusContract
import DiscordModel
import HTTPTypes
import MessageBus
import ServiceKit

extension Endpoint {
    private static let botParameter = Parameter(
        name: "id",
        place: .path,
        schema: Schema.bot,
        summary: "The bot's name."
    )

    /// `GET /api/bots`
    static func bots(_ backend: any AdminBackend) -> Endpoint {
        Endpoint(
            method: .get,
            path: "/api/bots",
            scope: .read,
            name: "listBots",
            summary: "Every bot.",
            answer: list(of: "Bot")
        ) { _ in
            try Answer.json(ListAnswer(try await backend.bots().map(BotAnswer.init)))
        }
    }

    /// `GET /api/bots/{id}`
    static func bot(_ backend: any AdminBackend) -> Endpoint {
        Endpoint(
            method: .get,
            path: "/api/bots/{id}",
            scope: .read,
            name: "getBot",
            summary: "One bot.",
            parameters: [botParameter],
            answer: Schema.reference("Bot"),
            failures: [404]
        ) { call in
            try Answer.json(BotAnswer(try await known(call, backend)))
        }
    }

    /// `POST /api/bots/{id}/start`, `/stop`, `/restart`
    static func control(_ action: BotAction, _ backend: any AdminBackend) -> Endpoint {
        Endpoint(
            method: .post,
            path: "/api/bots/{id}/\(action.rawValue)",
            scope: .control,
            name: "\(action.rawValue)Bot",
            summary: "Does \(action.rawValue) one bot; the others go on.",
            parameters: [botParameter],
            answer: Schema.reference("Bot"),
            failures: [404]
        ) { call in
            let bot = try await known(call, backend).bot
            return try Answer.json(BotAnswer(try await backend.control(bot, action, by: call.keyName)))
        }
    }

    /// `POST /api/bots`
    static func addBot(_ backend: any AdminBackend) -> Endpoint {
        Endpoint(
            method: .post,
            path: "/api/bots",
            scope: .control,
            name: "addBot",
            summary: "Adds a bot, for good; the others go on. The body says where its token is, never the token.",
            body: Schema.object([
                "bot": .required(Schema.bot),
                "tokenRef": .required([
                    "type": "string", "pattern": "^(DISCORD_TOKEN(_[A-Z0-9_]*)?|file:[A-Za-z0-9][A-Za-z0-9._-]*)$",
                    "maxLength": .integer(TokenReference.longest), "examples": ["DISCORD_TOKEN_NOVA", "file:nova"],
                ]),
            ]),
            answer: Schema.reference("Bot"),
            failures: [409]
        ) { call in
            let bot = try call.field("bot", as: BotID.self, "a bot's name: 1 to 32 of a-z, 0-9 and -")
            // What stands there may be a token: it is neither repeated nor sent on.
            let expected = TokenReference.expectation
            guard let reference = TokenReference(try call.field("tokenRef", as: String.self, expected)) else {
                throw APIError.invalid("tokenRef", expected: expected)
            }
            return try Answer.json(BotAnswer(try await backend.add(bot, reference, by: call.keyName)))
        }
    }

    /// `DELETE /api/bots/{id}`
    static func removeBot(_ backend: any AdminBackend) -> Endpoint {
        Endpoint(
            method: .delete,
            path: "/api/bots/{id}",
            scope: .control,
            name: "removeBot",
            summary: "Removes a bot that was added; the others go on. Those of config/fleet.yaml are taken out there.",
            parameters: [botParameter],
            answer: Schema.reference("Bot"),
            failures: [404, 409]
        ) { call in
            let bot = try await known(call, backend).bot
            return try Answer.json(BotAnswer(try await backend.remove(bot, by: call.keyName)))
        }
    }

    private static func known(_ call: Call, _ backend: any AdminBackend) async throws -> BotStatus {
        let id = try call.path("id", as: BotID.self, "a bot's name of a-z, 0-9 and -")
        guard let bot = try await backend.bots().first(where: { $0.bot == id }) else {
            throw APIError.notFound("id", "there is no bot \(id)")
        }
        return bot
    }
}
