import Crypto
import FoundationEssentials

/// An application's public key, by which Discord's interactions are told from anybody else's.
struct InteractionKey: Sendable {
    private let key: Curve25519.Signing.PublicKey

    /// Reads a key as Discord shows it: 64 hexadecimal digits.
    ///
    /// Nil for anything else, and for a key that vouches for nothing: to one of small order almost anybody can sign.
    init?(hex: String) {
        guard let bytes = HexText.bytes(hex, count: 32), !Self.isOfSmallOrder(bytes),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: Data(bytes))
        else { return nil }
        self.key = key
    }

    /// Whether the holder of the key has signed the message.
    func verifies(_ signature: [UInt8], of message: Data) -> Bool {
        key.isValidSignature(Data(signature), for: message)
    }

    /// The y of the curve's eight points of small order, low byte first: 0, 1, p-1, two of order 8, and 0 and 1 once more as
    /// p and p+1. Source: RFC 8032; Chalkias et al., "Taming the many EdDSAs", table 1.
    private static let smallOrder = [
        String(repeating: "00", count: 32),
        "01" + String(repeating: "00", count: 31),
        "ec" + String(repeating: "ff", count: 30) + "7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ed" + String(repeating: "ff", count: 30) + "7f",
        "ee" + String(repeating: "ff", count: 30) + "7f",
    ].compactMap { HexText.bytes($0, count: 32) }

    private static func isOfSmallOrder(_ bytes: [UInt8]) -> Bool {
        var y = bytes
        // The highest bit is the sign of x.
        y[31] &= 0x7F
        return smallOrder.contains(y)
    }
}

/// Hexadecimal text as it stands in Discord's headers and settings.
enum HexText {
    /// The bytes of exactly `count` pairs of digits; nil for any other text.
    static func bytes(_ text: String, count: Int) -> [UInt8]? {
        let digits = text.utf8
        guard digits.count == count * 2 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        var high: UInt8?
        for digit in digits {
            guard let value = nibble(digit) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }
}
