import FoundationEssentials
import ServiceKit

/// Changes connection strings in both of libpq's forms.
enum DatabaseAddress {
    /// The same database for another user.
    /// - Throws: `ConfigurationError` without the string, which holds a password.
    static func replacingLogin(of address: Secret, user: String, password: Secret) throws(ConfigurationError) -> Secret
    {
        let text = address.reveal()
        guard text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") else {
            // In the `key=value` form the last one of a key counts.
            guard text.contains("=") else {
                throw ConfigurationError(
                    key: "DATABASE_URL",
                    expected: "postgres://user:password@host:port/database",
                    found: "another text"
                )
            }
            return Secret("\(text) user=\(user) password=\(password.reveal())")
        }
        guard let scheme = text.firstRange(of: "://") else { return address }
        let rest = text[scheme.upperBound...]
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let host = rest[..<authorityEnd].split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        return Secret("postgres://\(user):\(password.reveal())@\(host)\(rest[authorityEnd...])")
    }
}
