import Crypto
import FoundationEssentials
import ServiceKit

/// Seals interaction tokens for the database, with a key derived from the bot's own token: whoever can open them could
/// act as the bot anyway, and there is no further secret to keep.
struct TokenSeal {
    private let key: SymmetricKey

    init(_ botToken: Secret) {
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Data(botToken.reveal().utf8)),
            info: Data("ensemble interaction tokens".utf8),
            outputByteCount: 32
        )
    }

    func seal(_ token: String) throws -> [UInt8] {
        guard let sealed = try AES.GCM.seal(Data(token.utf8), using: key).combined else { return [] }
        return Array(sealed)
    }

    /// - Throws: when the bytes were sealed with another token or have been changed.
    func open(_ bytes: [UInt8]) throws -> String {
        String(decoding: try AES.GCM.open(try AES.GCM.SealedBox(combined: bytes), using: key), as: UTF8.self)
    }
}
