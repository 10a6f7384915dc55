import Crypto
import DiscordModel
import FoundationEssentials

/// The key pair with which this Discord signs what it posts to an application's endpoint.
///
/// It follows from the application's id, so that it outlives a restart of the playground.
struct ApplicationKey: Sendable {
    private let seed: SHA256.Digest

    init(_ application: ApplicationID) {
        seed = SHA256.hash(data: Data("playground application key \(application)".utf8))
    }

    /// `verify_key` of the application: 64 hexadecimal digits.
    var publicKey: String {
        (try? pair()).map { Self.hex($0.publicKey.rawRepresentation) } ?? ""
    }

    /// The value of `X-Signature-Ed25519`.
    func signature(timestamp: String, body: [UInt8]) throws -> String {
        Self.hex(try pair().signature(for: Data(timestamp.utf8) + Data(body)))
    }

    private func pair() throws -> Curve25519.Signing.PrivateKey {
        try Curve25519.Signing.PrivateKey(rawRepresentation: Data(seed))
    }

    private static func hex(_ bytes: Data) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
