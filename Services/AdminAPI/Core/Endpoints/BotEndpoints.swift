import BusContract
import DiscordModel
import HTTPTypes
import MessageBus

extension Endpoint {
    private static let botParameter = Parameter(
        name: "id",
        place: .path,
        schema: Schema.bot,
        summary: "The bot's name in config/fleet.yaml."
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

    private static func known(_ call: Call, _ backend: any AdminBackend) async throws -> BotStatus {
        let id = try call.path("id", as: BotID.self, "a bot's name of a-z, 0-9 and -")
        guard let bot = try await backend.bots().first(where: { $0.bot == id }) else {
            throw APIError.notFound("id", "there is no bot \(id)")
        }
        return bot
    }
}
