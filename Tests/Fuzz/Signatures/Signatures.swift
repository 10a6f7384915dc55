import Crypto
import DiscordModel
import Foundation
import FuzzSupport

@testable import GatewayCore

/// The interactions endpoint's admission: what was not signed as it came is refused, what was is read or refused in words.
///
/// The first byte says what is done to a delivery that was signed well, the second by how much; the body follows.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSignatures(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    fuzz(data, count) { bytes in
        guard bytes.count >= 2 else { return }
        let body = Array(bytes.dropFirst(2))
        var delivery = signer.sign(body)
        let amount = Int(bytes[1])
        let kind = Tampering(rawValue: bytes[0] % UInt8(Tampering.allCases.count)) ?? .nothing
        kind.apply(to: &delivery, amount)
        var recent = RecentInteractions()
        let verdict = signer.admission.decide(delivery, now: Signer.now) { recent.note($0, now: Signer.now) }
        switch verdict {
        case .ping, .interaction: require(kind.isHarmless, "\(kind) by \(amount) was let in")
        case .refused(.unreadable): require(kind.isHarmless, "\(kind) by \(amount) was read")
        case .refused(.replayed): require(false, "nothing came before")
        case .refused: require(!kind.isHarmless, "what Discord has signed was refused: \(verdict)")
        }
        guard case .interaction(let id) = verdict else { return }
        let again = signer.admission.decide(delivery, now: Signer.now) { recent.note($0, now: Signer.now) }
        require(again == .refused(.replayed), "\(id) came twice")
    }
}

/// What may happen to a delivery on its way.
private enum Tampering: UInt8, CaseIterable {
    case nothing, body, longer, signature, signatureText, noSignature, twoSignatures, otherTime, noTime, twoTimes,
        upperCase

    /// Whether it is still what was signed.
    var isHarmless: Bool { self == .nothing || self == .upperCase }

    func apply(to delivery: inout SignedDelivery, _ amount: Int) {
        switch self {
        case .nothing: break
        case .body:
            if delivery.body.isEmpty { delivery.body = [0] } else { delivery.body[amount % delivery.body.count] ^= 1 }
        case .longer: delivery.body.append(UInt8(amount & 0xFF))
        case .signature:
            var digits = Array(delivery.signatures[0].utf8)
            let place = amount % digits.count
            digits[place] = digits[place] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
            delivery.signatures = [String(decoding: digits, as: UTF8.self)]
        case .signatureText: delivery.signatures = [String(delivery.signatures[0].dropLast(amount % 127 + 1))]
        case .noSignature: delivery.signatures = []
        case .twoSignatures: delivery.signatures += delivery.signatures
        case .otherTime: delivery.timestamps = [String(Signer.now + Int64(amount) - (amount < 128 ? 200 : 100))]
        case .noTime: delivery.timestamps = []
        case .twoTimes: delivery.timestamps += delivery.timestamps
        case .upperCase: delivery.signatures = [delivery.signatures[0].uppercased()]
        }
    }
}

/// Discord's side, with a key of its own.
private struct Signer {
    static let now: Int64 = 1_795_000_000

    let key: Curve25519.Signing.PrivateKey
    let admission: InteractionAdmission

    init?() {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: Data(repeating: 7, count: 32)),
            let known = InteractionKey(hex: Self.hex(key.publicKey.rawRepresentation))
        else { return nil }
        self.key = key
        admission = InteractionAdmission(key: known)
    }

    func sign(_ body: [UInt8]) -> SignedDelivery {
        let timestamp = String(Self.now)
        let signature = (try? key.signature(for: Data(timestamp.utf8) + Data(body))).map(Self.hex) ?? ""
        return SignedDelivery(signatures: [signature], timestamps: [timestamp], body: body)
    }

    private static func hex(_ bytes: Data) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

private let signer: Signer = {
    guard let signer = Signer() else { preconditionFailure("the key of the fuzzer is none") }
    return signer
}()
