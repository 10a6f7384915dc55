/// The wire types of Lavalink v4: what a node says on its WebSocket and answers by REST, and what we send it.
///
/// The module owns no state and does no I/O. `lavalink-bridge` and the playground's node both use it. Decoding is
/// liberal on purpose: unknown fields, operations and event types pass, numbers may come as `2` or `2.0`, `frameStats`
/// may be missing; the only fields that a message cannot do without are those that say whom it concerns.
///
/// Where to add things: a field of a track in `Track/`, of a player or its update in `Player/`, a message or event in
/// `Messages/`, a figure of a node in `Node/`. Source of every rule: Lavalink's `docs/api` for 4.2.
package enum LavalinkAPI {
    /// The prefix of every REST path but `/version`.
    package static let pathPrefix = "/v4"
    /// The path of the WebSocket.
    package static let webSocketPath = "/v4/websocket"
    /// The port that a node listens on when nobody says otherwise.
    package static let defaultPort = 2333
}

/// Names of the headers that a node reads or writes.
package enum LavalinkHeader {
    /// The password as it is, without a scheme; for REST and WebSocket.
    package static let authorization = "Authorization"
    /// The bot's Discord user id; WebSocket only.
    package static let userID = "User-Id"
    /// `NAME/VERSION` of the client; WebSocket only.
    package static let clientName = "Client-Name"
    /// The session to resume; WebSocket only.
    package static let sessionID = "Session-Id"
    /// The node's answer to a wish to resume: `true` or `false`.
    package static let sessionResumed = "Session-Resumed"
    /// The node's API version, on every REST answer.
    package static let apiVersion = "Lavalink-Api-Version"
}
