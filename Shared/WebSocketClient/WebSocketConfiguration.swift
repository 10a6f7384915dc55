/// Limits and deadlines of WebSocket connections.
package struct WebSocketConfiguration: Sendable {
    /// Longest wait for name resolution and TCP. Default 10 s.
    package var connectTimeout: Duration = .seconds(10)
    /// Longest wait for TLS and the HTTP upgrade after that. Default 10 s.
    package var upgradeTimeout: Duration = .seconds(10)
    /// Longest wait for the peer's part of a close. Default 2 s.
    package var closeTimeout: Duration = .seconds(2)
    /// Largest message taken, in bytes, fragments summed; a larger one closes the connection with 1009. Default 16 MiB.
    package var maximumMessageSize = 16 * 1024 * 1024
    /// How often to ping; a peer that sends nothing at all for two intervals is taken for dead. Nil: never (default);
    /// Discord's gateway has heartbeats of its own.
    package var pingInterval: Duration?
    /// What is said to the peer when the scope of a connection ends. Default 1000, which ends a session of Discord's.
    package var closeCode = WebSocketCloseCode.normal
    /// Whether `ws://` may go to other hosts than this one. Default false.
    package var allowsPlainText = false

    package init() {}
}
