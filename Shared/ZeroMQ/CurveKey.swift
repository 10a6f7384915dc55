import CZeroMQ
import Glibc

/// A public key of CURVE: 32 bytes, written as 40 characters of Z85 (rfc.zeromq.org/spec/32).
package struct CurveKey: Hashable, Sendable {
    /// The length of a key's text.
    package static let characters = 40

    /// The 32 bytes.
    package let bytes: [UInt8]

    /// Reads a key's text; nil when it is not 40 characters of Z85.
    package init?(z85 text: String) {
        guard Self.isWellFormed(text) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 32)
        guard zmq_z85_decode(&bytes, text) != nil else { return nil }
        self.bytes = bytes
    }

    /// Takes 32 bytes; nil when there are more or fewer.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// The key's text.
    package var z85: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.characters + 1) { buffer in
            guard let start = buffer.baseAddress, let text = zmq_z85_encode(start, bytes, bytes.count) else {
                return ""
            }
            return String(cString: text)
        }
    }

    /// Whether a text could be a key, public or secret.
    static func isWellFormed(_ text: String) -> Bool {
        text.utf8.count == characters && text.utf8.allSatisfy(isZ85)
    }

    private static func isZ85(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: ".-:+=^!/*?&<>()[]{}@%$#".utf8.contains(byte)
        }
    }
}

extension CurveKey: CustomStringConvertible {
    package var description: String { z85 }
}
