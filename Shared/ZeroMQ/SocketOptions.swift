/// Everything about a socket that is decided before it binds or connects.
///
/// libzmq's defaults are no limits at all in several places (message size, LINGER, handshakes that never time out), so
/// each option that matters is stated here and set on every socket.
package struct SocketOptions: Sendable {
    /// Messages (not bytes) kept for each peer before sending blocks or drops. 0 would be no limit, and is refused.
    package var sendHighWaterMark = 10_000

    /// Messages kept from each peer before reading from it stops.
    package var receiveHighWaterMark = 10_000

    /// Bytes of the largest frame that is accepted; the peer that sends more is disconnected.
    ///
    /// Payloads above 256 KB travel by reference, so the limit leaves room for headers only.
    package var maximumFrameBytes = 1 << 20

    /// How long `close` waits for unsent messages.
    package var linger: Duration = .zero

    /// Time between ZMTP pings to a silent peer.
    package var heartbeatInterval: Duration = .seconds(1)

    /// A peer that answers no ping for so long is disconnected.
    package var heartbeatTimeout: Duration = .seconds(3)

    /// What we tell the peer: disconnect us when you hear nothing for so long. Deciseconds on the wire.
    package var heartbeatTimeToLive: Duration = .seconds(3)

    /// The time for ZMTP's greeting and log-in.
    package var handshakeTimeout: Duration = .seconds(5)

    /// The first wait before connecting again; it doubles up to `reconnectIntervalMaximum`.
    package var reconnectInterval: Duration = .milliseconds(50)
    package var reconnectIntervalMaximum: Duration = .seconds(1)

    /// A ROUTER reports an unknown or departed peer (`.unreachable`) instead of dropping silently.
    package var isRouterMandatory = true

    /// Queue only for peers that have connected: nothing is sent to a later broker than the one that we speak to.
    package var queuesOnlyToConnectedPeers = false

    /// An XPUB whose subscriber is full answers `.wouldBlock` instead of dropping uncounted.
    package var publisherReportsFullQueues = false

    package var security: SocketSecurity = .none

    package init() {}
}

/// How the two ends of a connection prove who they are.
package enum SocketSecurity: Sendable {
    case none

    /// Logs in with a name and a password; both at most 255 bytes. Only for ipc, since nothing is encrypted.
    case plainClient(user: String, password: String)

    /// Asks the ZAP handler of this context about each log-in; `domain` tells it which socket asks.
    case plainServer(domain: String)

    /// Logs in with a key pair of its own, to the one server that has the secret key of `serverKey`.
    case curveClient(serverKey: CurveKey, keys: CurveKeyPair)

    /// Takes encrypted connections only, and asks the ZAP handler about each client's public key.
    case curveServer(keys: CurveKeyPair, domain: String)
}
