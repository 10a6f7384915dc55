package import Postgres

extension PostgresClient {
    /// Runs the body with the client, which is closed when it ends, also by an error.
    package func closed<Value>(after body: (PostgresClient) async throws -> Value) async throws -> Value {
        do {
            let value = try await body(self)
            await close()
            return value
        } catch {
            await close()
            throw error
        }
    }
}
