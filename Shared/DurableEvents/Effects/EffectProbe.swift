import BusContract
import DiscordModel
import FoundationEssentials
import MessageBus

/// Looks on Discord whether a message create, whose nonce is no longer trusted, has happened.
struct EffectProbe {
    enum Finding: Hashable, Sendable {
        case present
        case absent
        /// It could not be looked up now.
        case failed(String)
        /// It is not of a kind that can be looked up.
        case impossible
    }

    private static let pageSize = 100
    /// A channel in which more has been written since the first attempt is not read to its end.
    private static let pages = 10
    /// How far our clock and Discord's may differ.
    private static let clockTolerance: Duration = .seconds(60)

    let bus: BusConnection

    private struct Sent: Decodable {
        struct Author: Decodable {
            let bot: Bool?
        }

        let id: MessageID
        let content: String
        let author: Author
    }

    private struct Wanted: Decodable {
        let content: String?
    }

    /// Reads what has been written in the channel since the first attempt.
    ///
    /// - Parameter now: milliseconds since the Unix epoch.
    func look(for pending: EffectTable.Pending, now: UInt64) async -> Finding {
        let effect = pending.effect
        guard effect.method == "POST", effect.path.hasSuffix("/messages"),
            let wanted = try? JSONDecoder().decode(Wanted.self, from: Data(effect.body.utf8)),
            let content = wanted.content, !content.isEmpty
        else { return .impossible }
        let back = UInt64((pending.sinceFirst + Self.clockTolerance) / .milliseconds(1))
        var after = MessageID.lowerBound(millisecondsSinceEpoch: now - min(back, now))
        do {
            for _ in 0..<Self.pages {
                let request = ExecuteREST(
                    bot: effect.bot,
                    method: "GET",
                    path: effect.path,
                    query: [QueryItem("limit", "\(Self.pageSize)"), QueryItem("after", "\(after)")],
                    lane: effect.lane,
                    safety: .idempotent
                )
                let outcome = try await bus.request(request, timeout: .seconds(10))
                guard outcome.isSuccess else {
                    return .failed(outcome.failure?.message ?? "status \(outcome.status)")
                }
                let page = try JSONDecoder().decode([Sent].self, from: Data(outcome.body.utf8))
                if page.contains(where: { $0.author.bot == true && $0.content == content }) { return .present }
                guard page.count == Self.pageSize, let newest = page.map(\.id).max() else { return .absent }
                after = newest
            }
            return .absent
        } catch {
            return .failed("\(error)")
        }
    }
}
