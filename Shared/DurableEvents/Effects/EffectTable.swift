import BusContract
import DiscordModel
import FoundationEssentials
import Postgres

/// The table `effects`: each service writes and carries out its own rows.
struct EffectTable {
    let executor: any QueryExecutor
    let service: ServiceRole

    /// How long a row is left to the process that wrote or claimed it.
    static let claim: Duration = .seconds(15)

    /// A row to be carried out.
    struct Pending: Sendable {
        let effect: Effect
        let attempts: Int
        /// Since the first attempt that may have reached Discord; zero when there was none.
        let sinceFirst: Duration
    }

    /// Writes effects; its rows are the keys that were not there before.
    static func inserting(_ effects: [Effect], of service: ServiceRole) -> Query {
        """
        INSERT INTO effects (key, service, bot, method, path, body, audit_reason, lane, safety, next_attempt_at, expires_at)
        SELECT e.key, \(service.rawValue), e.bot, e.method, e.path, e.body, e.reason, e.lane, e.safety,
            now() + \(claim), now() + make_interval(secs => e.life)
        FROM unnest(
            \(effects.map(\.key)), \(effects.map(\.bot.rawValue)), \(effects.map(\.method)), \(effects.map(\.path)),
            \(effects.map(\.body)), \(effects.map(\.auditReason)), \(effects.map(\.lane.rawValue)),
            \(effects.map(\.safety.rawValue)), \(effects.map { Double($0.life.components.seconds) })
        ) AS e (key, bot, method, path, body, reason, lane, safety, life)
        ON CONFLICT (key) DO NOTHING
        RETURNING key
        """
    }

    /// The keys that were not there before.
    static func inserted(_ rows: [Row]) throws -> Set<String> {
        Set(try rows.map { try $0.decode(String.self, "key") })
    }

    /// Claims rows that are due and that no process is at.
    func claimDue(limit: Int) async throws -> [Pending] {
        let rows = try await executor.query(
            """
            UPDATE effects SET next_attempt_at = now() + \(Self.claim)
            WHERE key IN (
                SELECT key FROM effects
                WHERE service = \(service.rawValue) AND state = 'pending' AND next_attempt_at <= now()
                ORDER BY next_attempt_at LIMIT \(limit) FOR UPDATE SKIP LOCKED
            )
            RETURNING key, bot, method, path, body, audit_reason, lane, safety, attempts,
                coalesce(extract(epoch FROM now() - first_sent_at), 0)::double precision AS since_first,
                extract(epoch FROM expires_at - now())::double precision AS life
            """
        )
        return try rows.map { row in
            let name: String = try row["bot"]
            guard let bot = BotID(rawValue: name) else {
                throw PostgresError(.decoding, "effects.bot is \"\(name)\", which is no bot's name")
            }
            let life: Double = try row["life"]
            let since: Double = try row["since_first"]
            let attempts: Int = try row["attempts"]
            return Pending(
                effect: Effect(
                    key: try row["key"],
                    bot: bot,
                    method: try row["method"],
                    path: try row["path"],
                    body: try row["body"],
                    auditReason: try row["audit_reason"],
                    lane: Lane(rawValue: try row["lane"]),
                    safety: RESTSafety(rawValue: try row["safety"]),
                    life: .seconds(life)
                ),
                attempts: attempts,
                sinceFirst: .seconds(since)
            )
        }
    }

    /// Notes that an attempt is about to be made, before it can reach Discord: after a crash this tells how long the
    /// nonce can be trusted.
    ///
    /// - Parameter isFirst: it is certain that no earlier attempt has happened.
    /// - Returns: false when there is nothing left to do: the effect has ended.
    func noteAttempt(_ key: String, isFirst: Bool = false) async throws -> Bool {
        let rows = try await executor.query(
            """
            UPDATE effects SET attempts = attempts + 1,
                first_sent_at = CASE WHEN \(isFirst) THEN now() ELSE coalesce(first_sent_at, now()) END,
                next_attempt_at = now() + \(Self.claim)
            WHERE key = \(key) AND state = 'pending' RETURNING key
            """
        )
        return !rows.isEmpty
    }

    /// Writes how effects ended, many at once.
    func finish(_ ends: [(key: String, state: String, status: Int, detail: String)]) async throws {
        try await executor.query(
            """
            UPDATE effects SET state = e.state, status = e.status, detail = e.detail, finished_at = now(),
                attempts = greatest(attempts, 1)
            FROM unnest(
                \(ends.map(\.key)), \(ends.map(\.state)), \(ends.map { Int32(clamping: $0.status) }), \(ends.map(\.detail))
            ) AS e (key, state, status, detail)
            WHERE effects.key = e.key AND effects.state = 'pending'
            """
        )
    }

    /// Has effects tried again later, many at once.
    func postpone(_ waiting: [(key: String, delay: Duration, reason: String)]) async throws {
        try await executor.query(
            """
            UPDATE effects SET next_attempt_at = now() + make_interval(secs => e.delay), detail = e.reason
            FROM unnest(
                \(waiting.map(\.key)), \(waiting.map { $0.delay / .seconds(1) }), \(waiting.map(\.reason))
            ) AS e (key, delay, reason)
            WHERE effects.key = e.key AND effects.state = 'pending'
            """
        )
    }
}
