import Crypto
package import Postgres

/// A key of the admin API, without the key.
package struct APIKey: Sendable, Equatable {
    package let name: String
    /// What it may do: `read`, `control`.
    package let scopes: [String]

    package init(name: String, scopes: [String]) {
        self.name = name
        self.scopes = scopes
    }
}

/// The table `api_keys`: written by the operator's command line, read by the admin API.
package struct APIKeys: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// The key that a text is; nil when it is none, or was revoked.
    package func find(_ text: String) async throws -> APIKey? {
        let rows = try await executor.query(
            "SELECT name, scopes FROM api_keys WHERE sha256 = \(Self.hash(text)) AND revoked_at IS NULL"
        )
        return try rows.first.map { row in
            APIKey(name: try row.decode(String.self, "name"), scopes: try row.decode([String].self, "scopes"))
        }
    }

    /// Stores a key under a name; a key that the name had before is void.
    package func store(_ text: String, as key: APIKey) async throws {
        try await executor.query(
            """
            INSERT INTO api_keys (name, sha256, scopes) VALUES (\(key.name), \(Self.hash(text)), \(key.scopes))
            ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, scopes = excluded.scopes, revoked_at = NULL
            WHERE api_keys.sha256 <> excluded.sha256 OR api_keys.scopes <> excluded.scopes
            """
        )
    }

    private static func hash(_ text: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(text.utf8)))
    }
}
