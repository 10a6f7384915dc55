import Foundation
import TestSupport

/// What a member does in the playground, and what a member sees there: by its control calls, the ones that the page uses.
struct Playground {
    let http: HTTP

    struct Created: Decodable {
        let id: String
    }

    struct Message: Decodable {
        struct Interaction: Decodable {
            let id: String
        }

        let id: String
        let author: String
        let bot: Bool
        let content: String
        /// With mentions as names.
        let text: String
        let edits: Int
        let replyTo: String?
        /// The members that it mentions.
        let mentions: [String]
        /// What its author called it when it was sent.
        let nonce: String?
        let interaction: Interaction?
        let ephemeral: Bool
        let loading: Bool
    }

    struct VoiceChannel: Decodable {
        struct Member: Decodable {
            struct Playing: Decodable {
                let title: String
            }

            let author: String
            let playing: Playing?
        }

        let channel: String
        let members: [Member]
    }

    struct Call: Decodable {
        let number: Int
        let bot: String?
        let method: String
        let path: String
        let status: Int
    }

    @discardableResult
    func write(_ content: String, as author: String, in channel: String) async throws -> String {
        let body = ["channel": channel, "author": author, "content": content]
        return try await http.post("/control/messages", body, as: Created.self).id
    }

    @discardableResult
    func use(_ command: String, as author: String, in channel: String = "bot-commands") async throws -> String {
        let body = ["channel": channel, "author": author, "command": command]
        return try await http.post("/control/commands", body, as: Created.self).id
    }

    /// Somebody new joins the guild.
    func welcome(_ name: String) async throws {
        try await http.post("/control/members", ["name": name], as: Created.self)
    }

    func join(_ channel: String?, as author: String) async throws {
        let body: [String: String?] = ["author": author, "channel": channel]
        try await http.send("POST", "/control/voice", body: try JSONEncoder().encode(body))
    }

    func transcript(_ channel: String) async throws -> [Message] {
        try await http.get("/control/transcript?channel=\(channel.queryValue)&limit=2000")
    }

    func voice() async throws -> [VoiceChannel] {
        try await http.get("/control/voice")
    }

    func calls(since: Int = 0) async throws -> [Call] {
        try await http.get("/control/calls?since=\(since)")
    }

    /// Waits for a message that fits, and returns it.
    func message(
        _ what: String,
        in channel: String,
        within limit: Duration = .seconds(20),
        _ fits: (Message) -> Bool
    ) async throws -> Message {
        var found: Message?
        try await eventually(what, within: limit) {
            found = try await transcript(channel).first(where: fits)
            return found != nil
        }
        guard let found else { throw ConditionNotMet(what: what, limit: limit) }
        return found
    }
}
