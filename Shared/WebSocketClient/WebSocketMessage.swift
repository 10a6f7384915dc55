package import NIOCore

/// One whole message, its fragments joined.
package struct WebSocketMessage: Hashable, Sendable {
    package var kind: Kind
    package var payload: ByteBuffer

    package enum Kind: Sendable {
        /// UTF-8 as the sender says; it is not checked here, because the readers of JSON check it anyway.
        case text
        case binary
    }

    package init(kind: Kind, payload: ByteBuffer) {
        self.kind = kind
        self.payload = payload
    }
}

/// Why a connection was closed (RFC 6455, 7.4); applications define codes of 4000 and more.
package struct WebSocketCloseCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let normal = Self(rawValue: 1000)
    package static let goingAway = Self(rawValue: 1001)
    package static let protocolError = Self(rawValue: 1002)
    package static let tooLarge = Self(rawValue: 1009)

    /// Whether it may stand in a frame: 1004 to 1006 and 1015 are for local use.
    var isSendable: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: return true
        default: return false
        }
    }
}

/// What the peer said when it closed.
package struct WebSocketClosure: Hashable, Sendable {
    /// Nil if it gave no code, or just dropped the connection.
    package var code: WebSocketCloseCode?
    package var reason: String

    package init(code: WebSocketCloseCode?, reason: String = "") {
        self.code = code
        self.reason = reason
    }
}
