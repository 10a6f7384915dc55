import Foundation
import Postgres
import TestSupport
import Testing

/// Members who use commands and components, and what they see of the answers, in the channel `bot-commands`.
extension GatewayBench {
    /// A message as the transcript has it.
    struct Shown: Decodable {
        struct Interaction: Decodable {
            let id: String
        }

        let id: String
        let content: String
        let nonce: String?
        let mentions: [String]
        let loading: Bool
        let edits: Int
        let visibleTo: String?
        private let origin: Interaction?

        var interaction: String? { origin?.id }

        private enum CodingKeys: String, CodingKey {
            case id, content, nonce, mentions, loading, edits, visibleTo
            case origin = "interaction"
        }
    }

    private struct Created: Decodable {
        let id: String
    }

    /// Uses a command as soon as Discord has it; gives the interaction's id.
    func use(_ command: String = "/ping") async throws -> String {
        var id: String?
        try await eventually("\(command) is registered") {
            let answer = try await control(
                "/commands",
                ["channel": "bot-commands", "author": "bob", "command": command]
            )
            id = (try? JSONDecoder().decode(Created.self, from: Data(answer.utf8)))?.id
            return id != nil
        }
        return try #require(id)
    }

    /// Presses a button; gives the interaction's id.
    func press(_ button: String, of message: String) async throws -> String {
        let answer = try await control(
            "/components",
            ["channel": "bot-commands", "message": message, "author": "bob", "customId": button]
        )
        return try JSONDecoder().decode(Created.self, from: Data(answer.utf8)).id
    }

    func shown() async throws -> [Shown] {
        try JSONDecoder().decode([Shown].self, from: Data(try await look("/transcript?channel=bot-commands").utf8))
    }

    /// The state in the interaction's row; nil without a row.
    func state(_ interaction: String) async throws -> String? {
        let rows = try await client.query("SELECT state FROM interactions WHERE interaction::text = \(interaction)")
        return try rows.first?.decode(String.self, "state")
    }
}
