import Glibc
package import ServiceKit
package import ZeroMQ

/// The folder of the bus's keys: `<service>.key` for each service, `bus.key` for the bus itself, and `bus.pub`, the bus's
/// public key, which is all that other hosts need of it.
///
/// On the bus's host, the service files are the list of who may log in: a public key is let in under its file's name.
/// The folder and its files are their owner's alone (0700, 0600), else nothing in them is taken.
package struct KeyFolder: Sendable {
    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// `BUS_KEYS`, `keys` in the state folder when nothing is set.
    package init(settings: Settings) {
        self.init(settings.path("BUS_KEYS", default: "\(settings.stateFolder)/keys"))
    }

    package func file(of party: ServiceName) -> String { "\(path)/\(party.rawValue).key" }
    package var serverKeyFile: String { "\(path)/\(ServiceName.bus.rawValue).pub" }

    /// Everybody who has keys: the services, the command line, the bus.
    package static let parties = ServiceName.allCases.filter { $0 != .playground }

    // MARK: Reading

    /// A party's pair.
    package func keys(of party: ServiceName) throws(ConfigurationError) -> CurveKeyPair {
        guard let file = try read(file(of: party)) else { throw missing(file(of: party)) }
        guard let keys = file.keys else {
            throw ConfigurationError(
                file: self.file(of: party),
                expected: "the secret key too, since \(party) runs here",
                found: "the public key alone"
            )
        }
        return keys
    }

    /// The public key of the bus.
    package func serverKey() throws(ConfigurationError) -> CurveKey {
        // The pair knows best, where it is: on the bus's own host.
        if let file = try read(file(of: .bus)) { return file.publicKey }
        guard let file = try read(serverKeyFile) else { throw missing(serverKeyFile) }
        return file.publicKey
    }

    /// Who may log in, by public key.
    package func clients() throws(ConfigurationError) -> [ServiceName: CurveKey] {
        var clients: [ServiceName: CurveKey] = [:]
        var owners: [CurveKey: ServiceName] = [:]
        for party in Self.parties where party != .bus {
            guard let key = try read(file(of: party))?.publicKey else { continue }
            if let other = owners.updateValue(party, forKey: key) {
                throw ConfigurationError(
                    file: file(of: party),
                    expected: "a key of its own",
                    found: "the same key as in \(file(of: other))"
                )
            }
            clients[party] = key
        }
        return clients
    }

    /// Nil when there is no such file.
    package func read(_ file: String) throws(ConfigurationError) -> KeyFile? {
        guard try isThere() else { return nil }
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw ConfigurationError(file: file, expected: "a readable file", found: Self.reason())
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw ConfigurationError(file: file, expected: "a readable file", found: Self.reason())
        }
        try Self.check(status, file, kind: S_IFREG, "a file that only its owner can read (chmod 600)")
        // A key file has some hundred bytes.
        var buffer = [UInt8](repeating: 0, count: 8192)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        guard count >= 0, count < buffer.count else {
            throw ConfigurationError(file: file, expected: "a key file of at most 8 KB", found: "another file")
        }
        return try KeyFile(parsing: String(decoding: buffer[..<count], as: UTF8.self), file: file)
    }

    /// Whether the folder is there, and is as it must be.
    package func isThere() throws(ConfigurationError) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT { return false }
            throw ConfigurationError(file: path, expected: "a folder of keys", found: Self.reason())
        }
        try Self.check(status, path, kind: S_IFDIR, "a folder that only its owner can enter (chmod 700)")
        return true
    }

    private static func check(
        _ status: stat,
        _ path: String,
        kind: mode_t,
        _ expected: String
    ) throws(ConfigurationError) {
        guard status.st_mode & S_IFMT == kind else {
            throw ConfigurationError(file: path, expected: expected, found: "something else")
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw ConfigurationError(file: path, expected: expected, found: "mode 0\(mode)")
        }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw ConfigurationError(
                file: path,
                expected: "\(expected), and the owner to be this user or root",
                found: "user \(status.st_uid)"
            )
        }
    }

    private func missing(_ file: String) -> ConfigurationError {
        ConfigurationError(
            key: "ENSEMBLE_BUS",
            expected: "over TCP the key file \(file) (`make keys` on the bus's host makes it; see CONFIG.md)",
            found: "none"
        )
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
