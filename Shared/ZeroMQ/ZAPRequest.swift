/// A question of libzmq about a log-in, as ZAP 1.0 defines it (rfc.zeromq.org/spec/27).
package struct ZAPRequest: Sendable, Equatable {
    /// What the client offered.
    package enum Credentials: Sendable, Equatable {
        case none
        case plain(user: String, password: String)
        /// The client's public key, 32 bytes.
        case curve(publicKey: [UInt8])
        /// A mechanism that we do not serve.
        case unsupported(String)
    }

    package let id: [UInt8]
    package let domain: String
    package let address: String
    package let credentials: Credentials

    /// Reads the frames of a request; nil when they are no ZAP 1.0.
    package init?(frames: [[UInt8]]) {
        guard frames.count >= 6, frames[0] == Array("1.0".utf8) else { return nil }
        id = frames[1]
        domain = String(decoding: frames[2], as: UTF8.self)
        address = String(decoding: frames[3], as: UTF8.self)
        // Frame 4 is the routing id that the client chose: it proves nothing.
        let mechanism = String(decoding: frames[5], as: UTF8.self)
        switch (mechanism, frames.count) {
        case ("NULL", _):
            credentials = .none
        case ("PLAIN", 8):
            credentials = .plain(
                user: String(decoding: frames[6], as: UTF8.self),
                password: String(decoding: frames[7], as: UTF8.self)
            )
        case ("CURVE", 7) where frames[6].count == 32:
            credentials = .curve(publicKey: frames[6])
        default:
            credentials = .unsupported(mechanism)
        }
    }

    /// The frames of the answer: let in under that name, or refused.
    package func answer(_ verdict: ZAPVerdict) -> [[UInt8]] {
        let (status, text, user) =
            switch verdict {
            case .allow(let user): ("200", "OK", user)
            case .refuse(let why): ("400", why, "")
            }
        return [Array("1.0".utf8), id, Array(status.utf8), Array(text.utf8), Array(user.utf8), []]
    }
}

/// Whether a client may connect.
package enum ZAPVerdict: Sendable, Equatable {
    /// Every frame of the connection carries `user` as its `User-Id`.
    case allow(user: String)
    case refuse(String)
}
