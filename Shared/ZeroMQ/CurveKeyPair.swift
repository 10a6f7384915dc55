import CZeroMQ
import Glibc

/// A key pair of CURVE. Who prints one sees its public key alone.
package struct CurveKeyPair: Sendable {
    package let publicKey: CurveKey
    private let secretKey: String

    /// Makes a pair from the system's generator.
    ///
    /// - Throws: `ENOTSUP` when this libzmq was built without CURVE.
    package static func make() throws(ZeroMQError) -> Self {
        var publicText = [CChar](repeating: 0, count: CurveKey.characters + 1)
        var secretText = publicText
        guard zmq_curve_keypair(&publicText, &secretText) == 0 else { throw .last("make a CURVE key pair") }
        guard let publicKey = CurveKey(z85: string(publicText)) else {
            throw ZeroMQError(number: EINVAL, operation: "make a CURVE key pair")
        }
        return Self(publicKey: publicKey, secretKey: string(secretText))
    }

    /// The pair of a secret key in Z85; nil when the text is no key.
    package init?(secretKey: String) {
        var publicText = [CChar](repeating: 0, count: CurveKey.characters + 1)
        guard CurveKey.isWellFormed(secretKey), zmq_curve_public(&publicText, secretKey) == 0,
            let publicKey = CurveKey(z85: Self.string(publicText))
        else { return nil }
        self.init(publicKey: publicKey, secretKey: secretKey)
    }

    private init(publicKey: CurveKey, secretKey: String) {
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    /// The secret key in Z85: whoever has it can log in as its owner. Call it where the bytes leave the process.
    package func revealSecretKey() -> String { secretKey }

    private static func string(_ characters: [CChar]) -> String {
        String(decoding: characters.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension CurveKeyPair: CustomStringConvertible, CustomReflectable {
    package var description: String { "<key pair of \(publicKey)>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
