/// An error as Discord's REST API answers it: HTTP status, JSON code, message and, for invalid forms, where.
///
/// Codes and texts are from the API documentation, "Opcodes and Status Codes", "JSON".
package struct DiscordError: Error, Sendable, Equatable {
    package let status: Int
    package let code: Int
    package let message: String
    /// The nested `errors` object of an invalid form, keyed by field.
    package var errors: JSONValue?

    package init(status: Int, code: Int, message: String, errors: JSONValue? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors
    }

    /// The body that Discord sends.
    package var body: JSONValue {
        var members: [String: JSONValue] = ["code": .integer(Int64(code)), "message": .string(message)]
        if let errors { members["errors"] = errors }
        return .object(members)
    }

    /// What a person in front of the page reads.
    package var text: String {
        guard let errors, let detail = Self.firstMessage(in: errors) else { return message }
        return "\(message): \(detail)"
    }

    private static func firstMessage(in value: JSONValue) -> String? {
        guard let members = value.objectValue else { return nil }
        if let leaf = members["_errors"]?.arrayValue?.first?["message"]?.stringValue { return leaf }
        for key in members.keys.sorted() {
            if let found = members[key].flatMap(firstMessage) { return "\(key): \(found)" }
        }
        return nil
    }

    package static let unauthorized = Self(status: 401, code: 0, message: "401: Unauthorized")
    package static let notFound = Self(status: 404, code: 0, message: "404: Not Found")
    package static let methodNotAllowed = Self(status: 405, code: 0, message: "405: Method Not Allowed")

    package static let unknownApplication = unknown(10002, "Application")
    package static let unknownChannel = unknown(10003, "Channel")
    package static let unknownGuild = unknown(10004, "Guild")
    package static let unknownMember = unknown(10007, "Member")
    package static let unknownMessage = unknown(10008, "Message")
    package static let unknownOverwrite = unknown(10009, "Overwrite")
    package static let unknownRole = unknown(10011, "Role")
    package static let unknownUser = unknown(10013, "User")
    package static let unknownEmoji = unknown(10014, "Emoji")
    package static let unknownWebhook = unknown(10015, "Webhook")
    package static let unknownBan = unknown(10026, "Ban")
    package static let unknownInteraction = unknown(10062, "interaction")
    package static let unknownCommand = unknown(10063, "application command")
    package static let unknownVoiceState = unknown(10065, "Voice State")
    package static let invalidWebhookToken = Self(status: 401, code: 50027, message: "Invalid Webhook Token")

    package static let slowMode = Self(
        status: 429,
        code: 20016,
        message: "This action cannot be performed due to slowmode rate limit"
    )
    package static let tooManyRoles = bad(30005, "Maximum number of guild roles reached (250)")
    package static let tooManyPins = bad(30003, "Maximum number of pins reached for the channel (50)")
    package static let tooManyReactions = bad(30010, "Maximum number of reactions reached (20)")
    package static let tooManyChannels = bad(30013, "Maximum number of guild channels reached (500)")
    package static let tooManyCommands = bad(30032, "Maximum number of application commands reached (100)")
    package static let alreadyAcknowledged = bad(40060, "Interaction has already been acknowledged.")
    package static let notInVoice = bad(40032, "Target user is not connected to voice.")
    package static let missingAccess = forbidden(50001, "Missing Access")
    package static let editOfOthersMessage = forbidden(50005, "Cannot edit a message authored by another user")
    package static let emptyMessage = bad(50006, "Cannot send an empty message")
    package static let cannotMessageUser = forbidden(50007, "Cannot send messages to this user")
    package static let notInNonTextChannel = bad(50008, "Cannot send messages in a non-text channel")
    package static let missingPermissions = forbidden(50013, "Missing Permissions")
    package static let bulkDeleteCount = bad(
        50016,
        "Provided too few or too many messages to delete. Must provide at least 2 and fewer than 100 messages to delete"
    )
    package static let tooOldToBulkDelete = bad(
        50034,
        "A message provided was too old to bulk delete"
    )
    package static let systemMessageAction = forbidden(50021, "Cannot execute action on a system message")
    package static let wrongChannelType = bad(50024, "Cannot execute action on this channel type")
    package static let unreadableBody = bad(50109, "The request body contains invalid JSON.")
    package static let bulkBanFailed = bad(500_000, "Failed to ban users")
    package static let reactionBlocked = forbidden(90001, "Reaction was blocked")

    private static func unknown(_ code: Int, _ what: String) -> Self {
        Self(status: 404, code: code, message: "Unknown \(what)")
    }

    private static func bad(_ code: Int, _ message: String) -> Self {
        Self(status: 400, code: code, message: message)
    }

    private static func forbidden(_ code: Int, _ message: String) -> Self {
        Self(status: 403, code: code, message: message)
    }

    /// 50035 with one error at a path (`["embeds", "0", "title"]`).
    package static func invalidForm(_ path: [String], _ code: String, _ message: String) -> Self {
        var form = FormErrors()
        form.add(path, code, message)
        return form.error
    }
}

/// Collects the errors of a form, so that a client is told all of them at once, as Discord does.
package struct FormErrors: Sendable {
    private indirect enum Node {
        case branch([String: Node])
        case leaf([JSONValue])

        var json: JSONValue {
            switch self {
            case .leaf(let errors): ["_errors": .array(errors)]
            case .branch(let children): .object(children.mapValues(\.json))
            }
        }

        mutating func add(_ path: ArraySlice<String>, _ error: JSONValue) {
            guard let first = path.first else {
                if case .leaf(let errors) = self { self = .leaf(errors + [error]) } else { self = .leaf([error]) }
                return
            }
            guard case .branch(var children) = self else { return }
            var child = children[first] ?? (path.count == 1 ? .leaf([]) : .branch([:]))
            child.add(path.dropFirst(), error)
            children[first] = child
            self = .branch(children)
        }
    }

    private var root = Node.branch([:])
    package private(set) var isEmpty = true

    package init() {}

    package mutating func add(_ path: [String], _ code: String, _ message: String) {
        isEmpty = false
        root.add(path[...], ["code": .string(code), "message": .string(message)])
    }

    package mutating func required(_ path: [String]) {
        add(path, "BASE_TYPE_REQUIRED", "This field is required")
    }

    /// Length in Unicode scalars, as Discord counts.
    package mutating func checkLength(_ text: String, _ range: ClosedRange<Int>, _ path: [String]) {
        let count = text.unicodeScalars.count
        guard !range.contains(count) else { return }
        if range.lowerBound == 0 || count > range.upperBound {
            let code = "BASE_TYPE_MAX_LENGTH"
            add(path, code, "Must be \(range.upperBound) or fewer in length.")
        } else {
            add(path, "BASE_TYPE_BAD_LENGTH", "Must be between \(range.lowerBound) and \(range.upperBound) in length.")
        }
    }

    package var error: DiscordError {
        DiscordError(status: 400, code: 50035, message: "Invalid Form Body", errors: root.json)
    }

    package func throwIfAny() throws(DiscordError) {
        if !isEmpty { throw error }
    }
}
