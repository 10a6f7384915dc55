/// The answer of `GET /v4/info`, as far as we use it.
package struct NodeInfo: Hashable, Sendable {
    package struct Version: Hashable, Sendable {
        /// The whole version, `4.2.2`.
        package var semver: String
        package var major: Int
        package var minor: Int
        package var patch: Int

        package init(semver: String, major: Int, minor: Int, patch: Int) {
            self.semver = semver
            self.major = major
            self.minor = minor
            self.patch = patch
        }

        /// Discord has required end-to-end encryption outside stages since March 2026; nodes have it since 4.2.
        package var hasVoiceEncryption: Bool {
            (major, minor) >= (4, 2)
        }
    }

    package struct Plugin: Hashable, Sendable, Codable {
        package var name: String
        package var version: String

        package init(name: String, version: String) {
            self.name = name
            self.version = version
        }
    }

    package var version: Version
    /// Sources whose tracks the node can decode.
    package var sourceManagers: [String]
    /// Filters that are switched on.
    package var filters: [String]
    package var plugins: [Plugin]

    package init(version: Version, sourceManagers: [String], filters: [String], plugins: [Plugin]) {
        self.version = version
        self.sourceManagers = sourceManagers
        self.filters = filters
        self.plugins = plugins
    }
}

extension NodeInfo: Codable {
    private enum CodingKeys: String, CodingKey {
        case version, sourceManagers, filters, plugins
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        version =
            container.lenient(Version.self, .version) ?? Version(semver: "unknown", major: 4, minor: 0, patch: 0)
        sourceManagers = container.lenient([String].self, .sourceManagers) ?? []
        filters = container.lenient([String].self, .filters) ?? []
        plugins = container.lenient([Plugin].self, .plugins) ?? []
    }
}

extension NodeInfo.Version: Codable {
    private enum CodingKeys: String, CodingKey {
        case semver, major, minor, patch
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        semver = container.lenientString(.semver) ?? "unknown"
        major = container.lenientInt(.major) ?? 4
        minor = container.lenientInt(.minor) ?? 0
        patch = container.lenientInt(.patch) ?? 0
    }
}
