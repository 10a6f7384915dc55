import BusContract
import FoundationEssentials
import MessageBus

/// Looks on Discord whether a message create, whose nonce is no longer trusted, has happened.
struct EffectProbe {
    let bus: BusConnection

    private struct Sent: Decodable {
        struct Author: Decodable {
            let bot: Bool?
        }

        let content: String
        let author: Author
    }

    private struct Wanted: Decodable {
        let content: String?
    }

    /// `done` when the channel's last messages have it, `retry` when they have not.
    ///
    /// Only message creates are probed; of anything else nobody can tell.
    func result(of pending: EffectTable.Pending) async -> EffectDecision {
        let effect = pending.effect
        guard effect.method == "POST", effect.path.hasSuffix("/messages"),
            let wanted = try? JSONDecoder().decode(Wanted.self, from: Data(effect.body.utf8)),
            let content = wanted.content
        else { return .unknown(reason: "it cannot be looked up") }
        let request = ExecuteREST(
            bot: effect.bot,
            method: "GET",
            path: effect.path,
            query: [QueryItem("limit", "100")],
            lane: effect.lane,
            safety: .idempotent
        )
        do {
            let outcome = try await bus.request(request, timeout: .seconds(10))
            guard outcome.isSuccess else {
                return .probe(reason: outcome.failure?.message ?? "status \(outcome.status)")
            }
            let messages = try JSONDecoder().decode([Sent].self, from: Data(outcome.body.utf8))
            return messages.contains { $0.author.bot == true && $0.content == content }
                ? .done(status: 200) : .retry(reason: "it is not in the channel")
        } catch {
            return .probe(reason: "\(error)")
        }
    }
}
