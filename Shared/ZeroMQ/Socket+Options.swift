import CZeroMQ
import Glibc

extension Socket {
    static func apply(
        _ options: SocketOptions,
        kind: SocketKind,
        to handle: UnsafeMutableRawPointer
    ) throws(ZeroMQError) {
        func set(_ option: Int32, _ name: String, _ value: Int32) throws(ZeroMQError) {
            var value = value
            guard zmq_setsockopt(handle, option, &value, MemoryLayout<Int32>.size) == 0 else {
                throw .last("set \(name) to \(value)")
            }
        }
        func set(_ option: Int32, _ name: String, _ text: String) throws(ZeroMQError) {
            guard zmq_setsockopt(handle, option, text, text.utf8.count) == 0 else { throw .last("set \(name)") }
        }
        func positive(_ value: Int, _ name: String) throws(ZeroMQError) -> Int32 {
            guard value > 0, let number = Int32(exactly: value) else {
                throw ZeroMQError(number: EINVAL, operation: "set \(name) to \(value), which is not a limit")
            }
            return number
        }

        try set(ZMQ_SNDHWM, "SNDHWM", positive(options.sendHighWaterMark, "SNDHWM"))
        try set(ZMQ_RCVHWM, "RCVHWM", positive(options.receiveHighWaterMark, "RCVHWM"))
        try set(ZMQ_LINGER, "LINGER", options.linger.wholeMilliseconds)
        try set(ZMQ_HEARTBEAT_IVL, "HEARTBEAT_IVL", options.heartbeatInterval.wholeMilliseconds)
        try set(ZMQ_HEARTBEAT_TIMEOUT, "HEARTBEAT_TIMEOUT", options.heartbeatTimeout.wholeMilliseconds)
        try set(ZMQ_HEARTBEAT_TTL, "HEARTBEAT_TTL", options.heartbeatTimeToLive.wholeMilliseconds)
        try set(ZMQ_HANDSHAKE_IVL, "HANDSHAKE_IVL", options.handshakeTimeout.wholeMilliseconds)
        try set(ZMQ_RECONNECT_IVL, "RECONNECT_IVL", options.reconnectInterval.wholeMilliseconds)
        try set(ZMQ_RECONNECT_IVL_MAX, "RECONNECT_IVL_MAX", options.reconnectIntervalMaximum.wholeMilliseconds)
        try set(ZMQ_IMMEDIATE, "IMMEDIATE", options.queuesOnlyToConnectedPeers ? 1 : 0)

        var maximum = Int64(try positive(options.maximumFrameBytes, "MAXMSGSIZE"))
        guard zmq_setsockopt(handle, ZMQ_MAXMSGSIZE, &maximum, MemoryLayout<Int64>.size) == 0 else {
            throw .last("set MAXMSGSIZE")
        }

        switch kind {
        case .router:
            try set(ZMQ_ROUTER_MANDATORY, "ROUTER_MANDATORY", options.isRouterMandatory ? 1 : 0)
        case .extendedPublish:
            try set(ZMQ_XPUB_NODROP, "XPUB_NODROP", options.publisherReportsFullQueues ? 1 : 0)
        default: break
        }

        switch options.security {
        case .none: break
        case .plainClient(let user, let password):
            try set(ZMQ_PLAIN_USERNAME, "PLAIN_USERNAME", user)
            try set(ZMQ_PLAIN_PASSWORD, "PLAIN_PASSWORD", password)
        case .plainServer(let domain):
            try set(ZMQ_PLAIN_SERVER, "PLAIN_SERVER", 1)
            try set(ZMQ_ZAP_DOMAIN, "ZAP_DOMAIN", domain)
        case .curveClient(let serverKey, let keys):
            try set(ZMQ_CURVE_SERVERKEY, "CURVE_SERVERKEY", serverKey.z85)
            try set(ZMQ_CURVE_PUBLICKEY, "CURVE_PUBLICKEY", keys.publicKey.z85)
            try set(ZMQ_CURVE_SECRETKEY, "CURVE_SECRETKEY", keys.revealSecretKey())
        case .curveServer(let keys, let domain):
            try set(ZMQ_CURVE_SERVER, "CURVE_SERVER", 1)
            try set(ZMQ_CURVE_SECRETKEY, "CURVE_SECRETKEY", keys.revealSecretKey())
            try set(ZMQ_ZAP_DOMAIN, "ZAP_DOMAIN", domain)
        }
    }
}

extension Duration {
    /// Milliseconds, rounded up so that a short wait does not become none, and kept in the range of C's int.
    var wholeMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        let fraction = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? 0 : .max }
        return Int32(clamping: product + fraction)
    }
}
