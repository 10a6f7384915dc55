import DequeModule
import DiscordModel
import FoundationEssentials

/// A request to the interactions endpoint, as it came.
struct SignedDelivery: Sendable {
    /// The values of `X-Signature-Ed25519`; there must be one.
    var signatures: [String]
    /// The values of `X-Signature-Timestamp`; there must be one.
    var timestamps: [String]
    /// The body's bytes as they were signed.
    var body: [UInt8]
}

/// Decides whether a request to the interactions endpoint is an interaction of Discord's, meant for now. Pure.
///
/// Discord signs the timestamp followed by the raw body. Source: Discord API reference, "Setting Up an Endpoint".
struct InteractionAdmission: Sendable {
    enum Verdict: Hashable, Sendable {
        /// Discord asks whether the endpoint is one.
        case ping
        case interaction(InteractionID)
        case refused(Refusal)
    }

    enum Refusal: String, CaseIterable, Sendable {
        /// There is no signature, more than one, or it is no Ed25519 signature in hexadecimal digits.
        case malformedSignature = "malformed-signature"
        /// There is no timestamp, more than one, or it is no number of seconds.
        case malformedTimestamp = "malformed-timestamp"
        /// It was signed too long ago by our clock.
        case stale
        /// It was signed later than our clock has it.
        case future
        /// The signature is not the application's over this timestamp and this body.
        case wrongSignature = "wrong-signature"
        /// It was signed well, but is no interaction.
        case unreadable
        /// This interaction has come before.
        case replayed
    }

    /// How far a timestamp may lie from our clock, either way. Discord gives an interaction up after 3 s; the rest is for
    /// clocks that differ.
    static let tolerance: Int64 = 10

    let key: InteractionKey

    /// - Parameters:
    ///   - now: seconds since the Unix epoch.
    ///   - isNew: notes the interaction and says whether that was the first time; asked only for what Discord has signed.
    func decide(_ delivery: SignedDelivery, now: Int64, isNew: (InteractionID) -> Bool) -> Verdict {
        guard delivery.signatures.count == 1, let signature = HexText.bytes(delivery.signatures[0], count: 64) else {
            return .refused(.malformedSignature)
        }
        guard delivery.timestamps.count == 1, let signedAt = Self.seconds(delivery.timestamps[0]) else {
            return .refused(.malformedTimestamp)
        }
        guard signedAt >= now - Self.tolerance else { return .refused(.stale) }
        guard signedAt <= now + Self.tolerance else { return .refused(.future) }
        var message = Data(delivery.timestamps[0].utf8)
        message.append(contentsOf: delivery.body)
        guard key.verifies(signature, of: message) else { return .refused(.wrongSignature) }
        guard let outline = try? JSONDecoder().decode(Outline.self, from: Data(delivery.body)) else {
            return .refused(.unreadable)
        }
        guard outline.type != Outline.ping else { return .ping }
        return isNew(outline.id) ? .interaction(outline.id) : .refused(.replayed)
    }

    /// Digits alone, few enough for a number of seconds.
    private static func seconds(_ text: String) -> Int64? {
        guard (1...12).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }

    private struct Outline: Decodable {
        static let ping = 1

        let id: InteractionID
        let type: Int
    }
}

/// The interactions of the last seconds, which the table may not have yet, or not at all while the database is away. Pure.
struct RecentInteractions: Sendable {
    /// Many times what Discord sends to one application in that time; the oldest give way.
    static let capacity = 16_384
    /// Longer than any timestamp is admitted: from just not too far in the future until it is stale.
    static let memory = InteractionAdmission.tolerance * 2 + 1

    private var seen: Set<InteractionID> = []
    private var order: Deque<(id: InteractionID, at: Int64)> = []

    /// Notes an interaction; false when it was noted before.
    ///
    /// - Parameter now: seconds since the Unix epoch.
    mutating func note(_ id: InteractionID, now: Int64) -> Bool {
        while let oldest = order.first, oldest.at < now - Self.memory { forget(oldest.id) }
        guard seen.insert(id).inserted else { return false }
        order.append((id, now))
        if order.count > Self.capacity, let oldest = order.first { forget(oldest.id) }
        return true
    }

    private mutating func forget(_ oldest: InteractionID) {
        seen.remove(oldest)
        order.removeFirst()
    }
}
