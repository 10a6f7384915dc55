import CPostgres
import Glibc

/// What libpq is given to connect: the caller's string, and our settings around it.
struct ConnectionParameters: Sendable {
    private let url: String
    private let applicationName: String
    /// The host when it is a name that must be looked up; nil for sockets, addresses and lists of hosts.
    let hostToResolve: String?
    /// Where we connect to, for logs; without user and password.
    let description: String

    /// - Throws: code `configuration` when libpq cannot parse the string.
    init(_ configuration: PostgresConfiguration) throws(PostgresError) {
        url = configuration.url
        applicationName = configuration.applicationName
        var complaint: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(configuration.url, &complaint) else {
            let reason = complaint.map { String(cString: $0) } ?? "out of memory"
            PQfreemem(complaint)
            let line = reason.split(separator: "\n").joined(separator: " ")
            throw PostgresError(.configuration, "the database's connection string is not usable: \(line)")
        }
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        let host = values["host"] ?? ""
        description = "\(host.isEmpty ? "local socket" : host):\(values["port"] ?? "5432")/\(values["dbname"] ?? "")"
        let isName = !host.isEmpty && !host.hasPrefix("/") && !host.hasPrefix("@") && !host.contains(",")
        hostToResolve = isName && values["hostaddr"] == nil && !Self.isAddress(host) ? host : nil
    }

    /// Starts a connection; `address` is what the host's name was resolved to.
    func start(address: String?) -> OpaquePointer? {
        var pairs: [(String, String)] = [
            // Standing before the caller's string, these give way to it.
            ("application_name", applicationName),
            ("keepalives_idle", "20"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "20000"),
            // Looking for Kerberos credentials would block.
            ("gssencmode", "disable"),
            ("dbname", url),
            ("client_encoding", "UTF8"),
        ]
        if let address { pairs.append(("hostaddr", address)) }
        let keywords = pairs.map { strdup($0.0) }
        let values = pairs.map { strdup($0.1) }
        defer { for pointer in keywords + values { free(pointer) } }
        let keywordPointers = keywords.map { UnsafePointer($0) } + [nil]
        let valuePointers = values.map { UnsafePointer($0) } + [nil]
        return PQconnectStartParams(keywordPointers, valuePointers, 1)
    }

    private static func isAddress(_ host: String) -> Bool {
        var v4 = in_addr()
        var v6 = in6_addr()
        return inet_pton(AF_INET, host, &v4) == 1 || inet_pton(AF_INET6, host, &v6) == 1
    }

    /// Looks a name up; blocks, so it runs on a thread of its own. libpq would look it up on the connections' thread.
    static func resolve(_ host: String) -> Result<String, PostgresError> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0, let first = list else {
            let reason = gai_strerror(code).map { String(cString: $0) } ?? "unknown"
            return .failure(PostgresError(.unavailable, "cannot resolve the database's host \(host): \(reason)"))
        }
        defer { freeaddrinfo(list) }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let named = getnameinfo(
            first.pointee.ai_addr,
            first.pointee.ai_addrlen,
            &text,
            socklen_t(text.count),
            nil,
            0,
            NI_NUMERICHOST
        )
        guard named == 0 else {
            return .failure(PostgresError(.unavailable, "cannot resolve the database's host \(host)"))
        }
        return .success(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
}
