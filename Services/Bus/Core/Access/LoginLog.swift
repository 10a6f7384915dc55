package import Logging
package import ZeroMQ

/// Tells of refused log-ins: each key's and each name's first one, then each at its own bounded rate.
///
/// Strangers who try many keys share one rate, so that they can neither fill the disk nor hide a service of ours.
package struct LoginLog {
    private static let separately = 64

    private let logger: Logger
    private var each: [String: LogThrottle] = [:]
    private var others = LogThrottle()

    package init(logger: Logger) {
        self.logger = logger
    }

    package mutating func refused(_ request: ZAPRequest, why: String, now: ContinuousClock.Instant) {
        let who = request.credentials.claim
        let identity = "\(request.domain) \(who.name) \(who.value)"
        let held: Int?
        if each[identity] != nil || each.count < Self.separately {
            held = each[identity, default: LogThrottle()].admit(now)
        } else {
            held = others.admit(now)
        }
        guard let held else { return }
        logger.warning(
            "a log-in to the bus was refused",
            metadata: [
                "why": "\(why)", "\(who.name)": "\(who.value)", "address": "\(request.address)",
                "socket": "\(request.domain)", "more": "\(held)",
            ]
        )
    }
}

extension ZAPRequest.Credentials {
    /// What a client shows of itself, for the log: a name, or a public key.
    fileprivate var claim: (name: String, value: String) {
        switch self {
        case .plain(let user, _): ("user", user)
        case .curve(let key): ("public_key", CurveKey(bytes: key)?.z85 ?? "")
        case .none, .unsupported: ("user", "")
        }
    }
}
