import Postgres
import ServiceKit
import Store

extension DatabaseSetup {
    /// Makes the first key of the admin API, or sees to it that the one in the file is known to the database.
    ///
    /// The file is the operator's alone; the database holds a hash.
    func ensureAdminKey(file: String) async throws {
        let key: String
        if let known = Folder.read(file), !known.isEmpty {
            key = known
        } else {
            key = "ens_\(RandomSecret.make().reveal())"
            try Folder.writePrivate(key + "\n", to: file)
        }
        try await APIKeys(client).store(key, as: APIKey(name: "operator", scopes: ["read", "control"]))
    }
}
