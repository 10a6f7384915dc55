import BusContract
import CommandKit
import DiscordModel
import MessageBus
import Synchronization

/// The language in which a guild is spoken to, by the locale that it has on Discord.
final class GuildLanguages: Sendable {
    private struct Known {
        let language: Language
        let until: ContinuousClock.Instant
    }

    /// How long an answer is used; a guild changes its locale once in a lifetime.
    private static let life: Duration = .seconds(600)
    /// After a failed question English is used for so long, so that nobody waits again and again.
    private static let retry: Duration = .seconds(5)
    private static let bound = 10_000

    private let bus: BusConnection
    private let known = Mutex<[GuildID: Known]>([:])

    init(bus: BusConnection) {
        self.bus = bus
    }

    func language(of guild: GuildID) async -> Language {
        if let entry = known.withLock({ $0[guild] }), entry.until > .now { return entry.language }
        let facts = try? await bus.request(QueryGuild(guild: guild), timeout: .milliseconds(500))
        let entry = Known(
            language: Language(discordLocale: facts?.locale ?? ""),
            until: .now + (facts == nil ? Self.retry : Self.life)
        )
        known.withLock { known in
            if known.count >= Self.bound { known.removeAll() }
            known[guild] = entry
        }
        return entry.language
    }
}
