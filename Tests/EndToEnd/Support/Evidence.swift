import Postgres

/// What tables and logs know of a few messages and interactions: for the reader of a failed test, never for counting.
enum Evidence {
    /// At most so many ids are looked up: one shows the cause as well as forty.
    private static let bound = 5

    static func collect(of ids: [String], _ troupe: Troupe) async -> String {
        let ids = Array(Set(ids).sorted().prefix(bound))
        var lines: [String] = []
        do {
            lines += try await troupe.withDatabase { client in
                var lines: [String] = []
                for id in ids {
                    lines.append("--- \(id) ---")
                    lines += try await rows(of: id, client)
                }
                lines.append("--- the spine ---")
                return try await lines + spine(client)
            }
        } catch {
            lines.append("the database does not tell: \(error)")
        }
        lines.append("--- log ---")
        lines += troupe.log.split(separator: "\n").filter { line in ids.contains { line.contains($0) } }.suffix(60)
            .map(String.init)
        return lines.joined(separator: "\n")
    }

    private static func rows(of id: String, _ client: PostgresClient) async throws -> [String] {
        let pattern = "%\(id)%"
        let queries: [(String, Query)] = [
            (
                "journal",
                """
                SELECT json_build_object('stream', stream, 'seq', seq, 'event', event)::text AS line FROM journal
                WHERE event LIKE 'MESSAGE%' AND convert_from(payload, 'UTF8') LIKE \(pattern) ORDER BY stream, seq
                """
            ),
            ("effects", "SELECT to_jsonb(t)::text AS line FROM effects t WHERE key LIKE \(pattern)"),
            ("cases", "SELECT to_jsonb(t)::text AS line FROM cases t WHERE key LIKE \(pattern)"),
            ("audit", "SELECT to_jsonb(t)::text AS line FROM audit t WHERE key LIKE \(pattern)"),
            ("turns", "SELECT to_jsonb(t)::text AS line FROM turns t WHERE message::text = \(id)"),
            (
                "interactions",
                "SELECT (to_jsonb(t) - 'token')::text AS line FROM interactions t WHERE interaction::text = \(id)"
            ),
        ]
        return try await lines(queries, client)
    }

    private static func spine(_ client: PostgresClient) async throws -> [String] {
        try await lines(
            [
                ("streams", "SELECT to_jsonb(t)::text AS line FROM streams t ORDER BY id"),
                ("positions", "SELECT to_jsonb(t)::text AS line FROM positions t ORDER BY consumer, partition, event"),
                ("observers", "SELECT to_jsonb(t)::text AS line FROM observers t"),
                ("leases", "SELECT to_jsonb(t)::text AS line FROM leases t ORDER BY resource"),
                ("gaps", "SELECT to_jsonb(t)::text AS line FROM gaps t ORDER BY id"),
                ("refused", "SELECT to_jsonb(t)::text AS line FROM refused_events t"),
                ("effects", "SELECT to_jsonb(t)::text AS line FROM effects t WHERE state <> 'done' LIMIT 20"),
                (
                    "outbox",
                    "SELECT (to_jsonb(t) - 'payload')::text AS line FROM outbox t WHERE published_at IS NULL LIMIT 20"
                ),
            ],
            client
        )
    }

    private static func lines(_ queries: [(String, Query)], _ client: PostgresClient) async throws -> [String] {
        var lines: [String] = []
        for (table, query) in queries {
            for row in try await client.query(query) {
                lines.append("\(table): \(try row.decode(String.self, "line"))")
            }
        }
        return lines
    }
}
