package import BusContract
package import ServiceKit
import ZeroMQ

/// Decides about log-ins: a known service with its secret.
package struct Authenticator: Sendable {
    private let policy: AccessPolicy
    private let secrets: [ServiceRole: Secret]?

    /// - Parameter secrets: by service; nil lets in every known service, where file permissions guard the sockets.
    package init(policy: AccessPolicy, secrets: [ServiceRole: Secret]?) {
        self.policy = policy
        self.secrets = secrets
    }

    func decide(_ credentials: ZAPRequest.Credentials) -> ZAPVerdict {
        switch credentials {
        case .plain(let user, let password):
            let role = ServiceRole(rawValue: user)
            guard policy.knows(role) else { return .refuse("no such service") }
            guard let secrets else { return .allow(user: user) }
            guard let secret = secrets[role], Self.areEqual(secret.reveal(), password) else {
                return .refuse("wrong secret")
            }
            return .allow(user: user)
        case .none: return .refuse("log in with PLAIN")
        case .curve: return .refuse("the key is not on the list")
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
