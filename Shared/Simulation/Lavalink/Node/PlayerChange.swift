/// What a client wants of a player: the body of `PATCH /v4/sessions/{session}/players/{guild}`, checked.
package struct PlayerChange: Sendable, Equatable {
    /// A member of a JSON object where `null` means something.
    package enum Field<Value: Sendable & Equatable>: Sendable, Equatable {
        case absent
        case null
        case value(Value)
    }

    /// What Discord gave the bot for a voice connection.
    package struct Voice: Sendable, Equatable {
        package var token: String
        package var endpoint: String
        package var sessionID: String
        package var channelID: String
    }

    package var encoded: Field<String> = .absent
    package var identifier: String?
    package var userData: JSONValue?
    /// Milliseconds.
    package var position: Int64?
    /// Milliseconds.
    package var endTime: Field<Int64> = .absent
    package var volume: Int64?
    package var isPaused: Bool?
    package var filters: JSONValue?
    package var voice: Voice?

    package init() {}

    /// Reads a body; `disabled` names the filters that the node does not have.
    package init(_ body: JSONValue?, disabledFilters disabled: Set<String> = []) throws(LavalinkError) {
        guard let body, body.objectValue != nil else { throw LavalinkError(400, "Failed to read request") }
        let track = body["track"].flatMap { $0.isNull ? nil : $0 }
        if track != nil, body["encodedTrack"] != nil || body["identifier"] != nil {
            throw LavalinkError(400, "Cannot specify both track and encodedTrack/identifier")
        }
        encoded = try Self.text(track?["encoded"] ?? body["encodedTrack"], "encoded")
        if case .value(let text) = try Self.text(track?["identifier"] ?? body["identifier"], "identifier") {
            identifier = text
        }
        if identifier != nil, encoded != .absent {
            throw LavalinkError(400, "Cannot specify both encoded and identifier")
        }
        if let data = track?["userData"], !data.isNull {
            guard data.objectValue != nil else { throw LavalinkError(400, "userData must be an object") }
            userData = data
        }
        position = try Self.number(body["position"], "position")
        if let position, position < 0 { throw LavalinkError(400, "Position must be 0 or higher") }
        switch body["endTime"] {
        case nil: endTime = .absent
        case .null: endTime = .null
        case let value:
            guard let end = try Self.number(value, "endTime"), end > 0 else {
                throw LavalinkError(400, "End time must be greater than 0")
            }
            endTime = .value(end)
        }
        volume = try Self.number(body["volume"], "volume")
        if let volume, !(0...1_000).contains(volume) { throw LavalinkError(400, "Volume must be between 0 and 1000") }
        if let paused = body["paused"] {
            guard let value = paused.boolValue else { throw LavalinkError(400, "paused must be a boolean") }
            isPaused = value
        }
        if let filters = body["filters"], !filters.isNull {
            try FilterRules.check(filters, disabled: disabled)
            self.filters = filters
        }
        if let voice = body["voice"], !voice.isNull { self.voice = try Self.voice(voice) }
    }

    /// All four members are needed; `channelId` since 4.2.0.
    private static func voice(_ value: JSONValue) throws(LavalinkError) -> Voice {
        var texts: [String] = []
        for name in ["token", "endpoint", "sessionId", "channelId"] {
            guard let text = value[name]?.stringValue, !text.allSatisfy(\.isWhitespace) else {
                throw LavalinkError(400, "Partial Lavalink voice state: \(name) is missing or blank")
            }
            texts.append(text)
        }
        return Voice(token: texts[0], endpoint: texts[1], sessionID: texts[2], channelID: texts[3])
    }

    private static func text(_ value: JSONValue?, _ name: String) throws(LavalinkError) -> Field<String> {
        switch value {
        case nil: return .absent
        case .null: return .null
        case .string(let text): return .value(text)
        default: throw LavalinkError(400, "\(name) must be a string")
        }
    }

    private static func number(_ value: JSONValue?, _ name: String) throws(LavalinkError) -> Int64? {
        guard let value, !value.isNull else { return nil }
        guard let number = value.integerValue else { throw LavalinkError(400, "\(name) must be a whole number") }
        return number
    }
}
