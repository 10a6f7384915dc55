import Store

extension DatabaseSetup {
    /// Brings the schema and the services' roles to this version.
    /// - Returns: the names of the steps that were taken.
    @discardableResult
    func migrate(from folder: String, isSingleRole: Bool) async throws -> [String] {
        try await Migrator(client, folder: folder, isSingleRole: isSingleRole, logger: logger).migrate()
    }
}
