import BusContract
import Logging
import ServiceKit
import ZeroMQ

/// The log-ins of one of our sockets, where they can fail: over TCP, by keys.
///
/// A class, so that it costs the copies of a subscription no more than a pointer.
final class WatchedLogin {
    private let monitor: LoginMonitor
    private(set) var watch: LoginWatch
    private let endpoint: String

    init(monitor: LoginMonitor, watch: LoginWatch, endpoint: String) {
        self.monitor = monitor
        self.watch = watch
        self.endpoint = endpoint
    }

    /// Takes what has been reported, connects `socket` anew where that is due, and gives what is to be told.
    func follow(_ socket: Socket, now: ContinuousClock.Instant) throws(ZeroMQError) -> LoginWatch.Trouble? {
        while let report = try monitor.next() { watch.heard(report, now: now) }
        var complaint: LoginWatch.Trouble?
        for action in watch.tick(now) {
            switch action {
            case .reconnect: try socket.reconnect(endpoint)
            case .complain(let trouble): complaint = trouble
            }
        }
        return complaint
    }
}

extension BusSockets {
    /// Between two looks at the monitors: they cost nothing on the way of messages.
    private static let interval: Duration = .milliseconds(200)

    /// Watches a socket's log-ins from now on; nil over ipc, where the supervisor has made both ends' secrets.
    func watchLogin(of socket: Socket, _ endpoint: String) throws(ZeroMQError) -> WatchedLogin? {
        guard let context, case .keys = configuration.login else { return nil }
        return WatchedLogin(
            monitor: try LoginMonitor(socket, context: context),
            watch: LoginWatch(patience: configuration.loginPatience, now: .now),
            endpoint: endpoint
        )
    }

    /// Looks how the log-ins stand, now and then.
    func followLogins(_ now: ContinuousClock.Instant) throws(ZeroMQError) {
        guard dealerLogin != nil, nextLoginLook <= now else { return }
        nextLoginLook = now + Self.interval
        if let publisher { _ = try publisherLogin?.follow(publisher, now: now) }
        for subscription in subscriptions.values { _ = try subscription.login?.follow(subscription.socket, now: now) }
        // All three come from one process with one key: one of them speaks for all.
        guard let dealer, let trouble = try dealerLogin?.follow(dealer, now: now) else {
            if dealerLogin?.watch.current == nil { requests.whyAway = RequestTable.away }
            return
        }
        requests.whyAway = "this process cannot log in to the bus: \(reason(trouble))"
        logger.error(
            "cannot log in to the bus: \(reason(trouble))",
            metadata: ["endpoint": "\(configuration.endpoints.requests)", "public_key": "\(ownKey)"]
        )
    }

    private var ownKey: String {
        guard case .keys(let keys, _) = configuration.login else { return "" }
        return keys.publicKey.z85
    }

    private func reason(_ trouble: LoginWatch.Trouble) -> String {
        switch trouble {
        case .silent: "nothing answers there; is the bus running, and is its port open to this host?"
        case .refused:
            "it does not know this key; its host needs it as \(configuration.role.rawValue).key, "
                + "and the bus reads the keys when it starts"
        case .misunderstood: "what listens there is no bus with CURVE"
        case .cutOff:
            "it ends every attempt; is bus.pub (or BUS_SERVER_KEY) here the public key of that bus?"
        }
    }
}
