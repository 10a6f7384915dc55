import Crypto
import DiscordModel
import Foundation
import TestSupport
import Testing

@testable import GatewayCore

/// Which requests to the interactions endpoint are Discord's.
@Suite struct InteractionAdmissionTests {
    private static let now: Int64 = 1_790_000_000
    private static let body = Array(#"{"id":"1421","type":2,"token":"secret","data":{"name":"ping"}}"#.utf8)

    private let signer = Curve25519.Signing.PrivateKey()

    private var admission: InteractionAdmission {
        get throws {
            let key = Self.hex(signer.publicKey.rawRepresentation)
            return InteractionAdmission(key: try #require(InteractionKey(hex: key)))
        }
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String(format: "%02x", $0) }.joined()
    }

    private func signed(
        _ body: [UInt8] = body,
        at timestamp: String = "\(now)",
        by key: Curve25519.Signing.PrivateKey? = nil
    ) throws -> SignedDelivery {
        let signature = try (key ?? signer).signature(for: Data(timestamp.utf8) + Data(body))
        return SignedDelivery(signatures: [Self.hex(signature)], timestamps: [timestamp], body: body)
    }

    private func decide(_ delivery: SignedDelivery, now: Int64 = now) throws -> InteractionAdmission.Verdict {
        try admission.decide(delivery, now: now) { _ in true }
    }

    @Test func signedInteractionsAndPingsAreAdmitted() throws {
        #expect(try decide(signed()) == .interaction(InteractionID(1421)))
        #expect(try decide(signed(Array(#"{"type":1,"id":"7"}"#.utf8))) == .ping)
        var upper = try signed()
        upper.signatures = upper.signatures.map { $0.uppercased() }
        #expect(try decide(upper) == .interaction(InteractionID(1421)))
    }

    @Test func headersMustBeThereOnceAndWellFormed() throws {
        let good = try signed()
        let signature = good.signatures[0]
        for signatures in [
            [], [signature, signature], [""], [String(signature.dropLast())], [signature + "0"], [signature + "00"],
            ["g" + signature.dropFirst()], [String(repeating: "é", count: 64)],
            [String(repeating: "0", count: 1 << 20)],
        ] {
            var bad = good
            bad.signatures = signatures
            #expect(try decide(bad) == .refused(.malformedSignature))
        }
        let timestamp = good.timestamps[0]
        for timestamps in [
            [], [timestamp, timestamp], [""], ["+" + timestamp], ["-" + timestamp], [timestamp + ".0"],
            [" " + timestamp], ["0x1"], ["٣"], [String(repeating: "9", count: 13)],
            [String(repeating: "1", count: 1 << 20)],
        ] {
            var bad = good
            bad.timestamps = timestamps
            #expect(try decide(bad) == .refused(.malformedTimestamp))
        }
    }

    @Test func timestampsOutsideTheToleranceAreRefused() throws {
        let delivery = try signed()
        let tolerance = InteractionAdmission.tolerance
        #expect(try decide(delivery, now: Self.now + tolerance) == .interaction(InteractionID(1421)))
        #expect(try decide(delivery, now: Self.now + tolerance + 1) == .refused(.stale))
        #expect(try decide(delivery, now: Self.now - tolerance) == .interaction(InteractionID(1421)))
        #expect(try decide(delivery, now: Self.now - tolerance - 1) == .refused(.future))
        // A timestamp is only as good as its signature.
        var moved = delivery
        moved.timestamps = ["\(Self.now + 1)"]
        #expect(try decide(moved) == .refused(.wrongSignature))
        moved.timestamps = ["0\(Self.now)"]
        #expect(try decide(moved) == .refused(.wrongSignature))
    }

    @Test func anyOtherKeyBodyOrSignatureIsRefused() throws {
        let good = try signed()
        #expect(try decide(signed(by: Curve25519.Signing.PrivateKey())) == .refused(.wrongSignature))
        for index in good.body.indices {
            var bad = good
            bad.body[index] ^= 1
            #expect(try decide(bad) == .refused(.wrongSignature))
        }
        var longer = good
        longer.body.append(0x20)
        #expect(try decide(longer) == .refused(.wrongSignature))
        for position in stride(from: 0, to: 128, by: 5) {
            var digits = Array(good.signatures[0].utf8)
            digits[position] = digits[position] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
            var bad = good
            bad.signatures = [String(decoding: digits, as: UTF8.self)]
            #expect(try decide(bad) == .refused(.wrongSignature))
        }
    }

    @Test func whatIsSignedButNoInteractionIsUnreadable() throws {
        for text in [
            "", "null", "[]", "{}", #"{"type":2}"#, #"{"id":"1"}"#, #"{"id":"x","type":2}"#, #"{"id":"1","type":"2"}"#,
        ] {
            #expect(try decide(signed(Array(text.utf8))) == .refused(.unreadable), "\(text)")
        }
    }

    @Test func onlyWhatIsSignedIsNotedAndTheSecondTimeRefused() throws {
        var recent = RecentInteractions()
        let delivery = try signed()
        var forged = delivery
        forged.body[1] ^= 1
        let admission = try admission
        func decide(_ delivery: SignedDelivery, now: Int64 = Self.now) -> InteractionAdmission.Verdict {
            admission.decide(delivery, now: now) { recent.note($0, now: now) }
        }
        #expect(decide(forged) == .refused(.wrongSignature))
        #expect(decide(delivery) == .interaction(InteractionID(1421)))
        #expect(decide(delivery) == .refused(.replayed))
        // Signed anew it is the same interaction.
        #expect(decide(try signed(at: "\(Self.now + 3)"), now: Self.now + 3) == .refused(.replayed))
    }

    /// For every time at which a request is admitted: it is remembered until its timestamp is refused.
    @Test func memoryLastsLongerThanTheTolerance() {
        let tolerance = InteractionAdmission.tolerance
        for first in -tolerance...tolerance {
            for second in first...tolerance {
                var recent = RecentInteractions()
                let isNew = [first, second].map { recent.note(InteractionID(1), now: Self.now + $0) }
                #expect(isNew == [true, false])
            }
        }
    }

    @Test func memoryIsBoundedAndTheOldestGoFirst() {
        var recent = RecentInteractions()
        func note(_ id: Int, after seconds: Int64 = 0) -> Bool {
            recent.note(InteractionID(UInt64(id)), now: Self.now + seconds)
        }
        let isNew = (1...RecentInteractions.capacity + 1).map { note($0) }
        #expect(!isNew.contains(false))
        let again = [note(1), note(3), note(3, after: RecentInteractions.memory + 1)]
        #expect(again == [true, false, true])
    }

    @Test func keysThatVouchForNothingAreRefused() throws {
        for text in ["", "00", String(repeating: "0", count: 64), String(repeating: "z", count: 64)] {
            #expect(InteractionKey(hex: text) == nil, "\(text)")
        }
        for text in [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000080",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "EEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F",
        ] {
            #expect(InteractionKey(hex: text) == nil, "\(text)")
        }
        #expect(InteractionKey(hex: Self.hex(signer.publicKey.rawRepresentation)) != nil)
    }

    /// Whatever comes, nothing unsigned is admitted and nothing traps.
    @Test func noiseIsRefused() throws {
        var random = SeededGenerator(seed: 20_261_121)
        let admission = try admission
        let good = try signed()
        for _ in 0..<2_000 {
            var bad = good
            switch random.next() % 4 {
            case 0: bad.signatures = [random.text(), random.text()].suffix(Int(random.next() % 3))
            case 1: bad.timestamps = [random.text(), random.text()].suffix(Int(random.next() % 3))
            case 2: bad.body = Array(random.text().utf8)
            default:
                bad.signatures = [random.text()]
                bad.timestamps = [random.text()]
                bad.body = Array(random.text().utf8)
            }
            guard case .refused = admission.decide(bad, now: Self.now, isNew: { _ in true }) else {
                Issue.record("admitted: \(bad)")
                return
            }
        }
    }
}

extension SeededGenerator {
    /// Up to 139 characters of signatures, of JSON and of neither.
    fileprivate mutating func text() -> String {
        let letters = Array("0123456789abcdefABCDEF-+ \\u{0}\u{FFFD}{}\":,é")
        return String((0..<Int(next() % 140)).map { _ in letters[Int(next() % UInt64(letters.count))] })
    }
}
