import HTTPTypes

extension Endpoint {
    /// `GET /api/players`
    static func players(_ backend: any AdminBackend) -> Endpoint {
        Endpoint(
            method: .get,
            path: "/api/players",
            scope: .read,
            name: "listPlayers",
            summary: "Every bot that is in a voice channel, and what it plays.",
            answer: list(of: "Player")
        ) { _ in
            try Answer.json(ListAnswer(try await backend.players()))
        }
    }
}
