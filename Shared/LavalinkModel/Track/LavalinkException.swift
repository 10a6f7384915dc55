/// What went wrong with a track, in a load result or a `TrackExceptionEvent`.
package struct LavalinkException: Hashable, Sendable {
    /// How a node judges the failure; an open set.
    package struct Severity: RawRepresentable, Hashable, Sendable, Codable {
        package let rawValue: String

        package init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Known and expected: the track is private, gone, blocked in the country.
        package static let common = Self(rawValue: "common")
        /// Perhaps the source's fault, perhaps the node's.
        package static let suspicious = Self(rawValue: "suspicious")
        /// The node or its plugin is at fault; another node may do better.
        package static let fault = Self(rawValue: "fault")
    }

    package var message: String?
    package var severity: Severity
    package var cause: String
    /// Since 4.1.
    package var causeStackTrace: String?

    package init(message: String?, severity: Severity, cause: String, causeStackTrace: String? = nil) {
        self.message = message
        self.severity = severity
        self.cause = cause
        self.causeStackTrace = causeStackTrace
    }

    /// Whether asking another node makes sense.
    package var isWorthAnotherNode: Bool {
        severity != .common
    }
}

extension LavalinkException: Codable {
    private enum CodingKeys: String, CodingKey {
        case message, severity, cause, causeStackTrace
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        message = container.lenientString(.message)
        severity = container.lenient(Severity.self, .severity) ?? .fault
        cause = container.lenientString(.cause) ?? ""
        causeStackTrace = container.lenientString(.causeStackTrace)
    }
}
