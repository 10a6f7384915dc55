package import BusContract
package import ServiceKit
package import ZeroMQ

/// Decides about log-ins: a known service with its secret or, over TCP, with its key.
package struct Authenticator: Sendable {
    private let policy: AccessPolicy
    private let secrets: [ServiceRole: Secret]?
    /// By public key; nil where passwords are asked for.
    private let users: [[UInt8]: ServiceRole]?

    /// - Parameters:
    ///   - secrets: by service; nil lets in every known service, where file permissions guard the sockets.
    ///   - keys: by service, each its own; nil where passwords are asked for.
    package init(policy: AccessPolicy, secrets: [ServiceRole: Secret]?, keys: [ServiceRole: CurveKey]? = nil) {
        self.policy = policy
        self.secrets = secrets
        users = keys.map { keys in
            Dictionary(keys.map { ($0.value.bytes, $0.key) }) { first, _ in first }
        }
    }

    func decide(_ credentials: ZAPRequest.Credentials) -> ZAPVerdict {
        switch credentials {
        case .curve(let key):
            guard let user = users?[key] else { return .refuse("the key is not on the list") }
            guard policy.knows(user) else { return .refuse("no such service") }
            return .allow(user: user.rawValue)
        case _ where users != nil: return .refuse("log in with CURVE")
        case .plain(let user, let password):
            let role = ServiceRole(rawValue: user)
            guard policy.knows(role) else { return .refuse("no such service") }
            guard let secrets else { return .allow(user: user) }
            guard let secret = secrets[role], Self.areEqual(secret.reveal(), password) else {
                return .refuse("wrong secret")
            }
            return .allow(user: user)
        case .none: return .refuse("log in with PLAIN")
        case .unsupported(let mechanism): return .refuse("\(mechanism) is not served")
        }
    }

    /// Takes as long for a nearly right password as for a wrong one.
    private static func areEqual(_ left: String, _ right: String) -> Bool {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
