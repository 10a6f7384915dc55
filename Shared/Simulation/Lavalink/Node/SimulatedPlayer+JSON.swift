extension SimulatedPlayer {
    /// The player object of Lavalink's API.
    func json(now: Int64) -> JSONValue {
        var credentials: JSONValue = ["token": "", "endpoint": "", "sessionId": ""]
        if let voice {
            credentials = [
                "token": .string(voice.token), "endpoint": .string(voice.endpoint),
                "sessionId": .string(voice.sessionID), "channelId": .string(voice.channelID),
            ]
        }
        return [
            "guildId": .string(guild), "track": trackJSON ?? .null, "volume": .integer(volume),
            "paused": .bool(isPaused), "state": stateJSON(now: now), "voice": credentials, "filters": filters,
        ]
    }

    private var trackJSON: JSONValue? {
        guard var current = track?.json(userData: userData).objectValue, var info = current["info"]?.objectValue else {
            return nil
        }
        // A player's track tells where it is now.
        info["position"] = .integer(position)
        current["info"] = .object(info)
        return .object(current)
    }

    private func stateJSON(now: Int64) -> JSONValue {
        [
            "time": .integer(now), "position": .integer(position), "connected": .bool(isConnected),
            "ping": isConnected ? 12 : -1,
        ]
    }

    /// A signal as the message that a client gets.
    func message(for signal: Signal, now: Int64) -> JSONValue {
        func event(_ type: String, _ members: [String: JSONValue]) -> JSONValue {
            .object(
                members.merging(["op": "event", "type": .string(type), "guildId": .string(guild)]) { $1 }
            )
        }
        switch signal {
        case .started(let track, let data):
            return event("TrackStartEvent", ["track": track.json(userData: data)])
        case .ended(let track, let data, let reason):
            return event("TrackEndEvent", ["track": track.json(userData: data), "reason": .string(reason)])
        case .failed(let track, let data, let message):
            return event(
                "TrackExceptionEvent",
                ["track": track.json(userData: data), "exception": Self.exception(message)]
            )
        case .stuck(let track, let data, let threshold):
            return event(
                "TrackStuckEvent",
                ["track": track.json(userData: data), "thresholdMs": .integer(threshold)]
            )
        case .state:
            return ["op": "playerUpdate", "guildId": .string(guild), "state": stateJSON(now: now)]
        case .voiceClosed(let code, let reason, let byRemote):
            return event(
                "WebSocketClosedEvent",
                ["code": .integer(code), "reason": .string(reason), "byRemote": .bool(byRemote)]
            )
        }
    }

    /// The exception object, of events and of failed loads.
    static func exception(_ message: String) -> JSONValue {
        [
            "message": .string(message), "severity": "common",
            "cause": .string("java.lang.RuntimeException: \(message)"),
            "causeStackTrace": .string(
                "java.lang.RuntimeException: \(message)\n\tat playground.Node.play(Node.java:1)"
            ),
        ]
    }
}
