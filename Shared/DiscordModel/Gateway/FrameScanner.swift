/// Reads of a gateway frame what the gateway needs, in one pass over its bytes and without decoding it.
///
/// Depth counts (`guild_id` inside a nested object is not the event's), keys may come in any order and be escaped. A key
/// that is read twice in one object is malformed, because decoders differ in which one they take; so is anything that a
/// strict decoder would refuse. Whatever passes, `JSONSerialization` reads in the same way.
package struct FrameScanner: Sendable {
    /// The users whose mentions are reported as bits, our own bots; at most 64 count.
    package let watched: [UserID]

    package init(watched: [UserID] = []) {
        self.watched = Array(watched.prefix(64))
    }

    /// Scans one whole frame.
    ///
    /// - Throws: `MalformedJSON` if the bytes are not one frame: not JSON, no or an odd `op`, a dispatch without `s` or
    ///   `t`, an id of the wrong type where the event would be routed by it.
    package func scan(_ bytes: UnsafeRawBufferPointer) throws(MalformedJSON) -> GatewayFrame {
        guard var cursor = JSONCursor(bytes) else { throw MalformedJSON(reason: .empty, offset: 0) }
        var opcode: UInt64?
        var sequence: UInt64?
        var event: DiscordEventName?
        var data = 0..<0
        var route = EventRoute()
        var seen = SeenKeys()

        try cursor.beginObject()
        var isFirst = true
        while let key = try cursor.nextKey(&isFirst) {
            if key.equals("op") {
                try seen.note(0, at: cursor)
                opcode = try cursor.unsignedOrNull()
            } else if key.equals("s") {
                try seen.note(1, at: cursor)
                sequence = try cursor.unsignedOrNull()
            } else if key.equals("t") {
                try seen.note(2, at: cursor)
                event = try eventName(&cursor)
            } else if key.equals("d") {
                try seen.note(3, at: cursor)
                let kind = cursor.peekKind()
                let start = cursor.offset
                if kind == .object {
                    var scan = DataScan(watched: watched)
                    try scan.read(&cursor)
                    route = scan.route
                } else {
                    try cursor.skipValue(depth: 1)
                }
                data = start..<cursor.offset
            } else {
                try cursor.skipValue(depth: 1)
            }
        }
        try cursor.expectEnd()

        guard let opcode else { throw cursor.malformed(.missingField) }
        var frame = GatewayFrame(opcode: GatewayOpcode(rawValue: opcode), sequence: sequence, event: event, data: data)
        if frame.opcode == .dispatch {
            guard sequence != nil, let event, !data.isEmpty else { throw cursor.malformed(.missingField) }
            frame.route = route.completed(for: event)
        }
        return frame
    }

    private func eventName(_ cursor: inout JSONCursor) throws(MalformedJSON) -> DiscordEventName? {
        switch cursor.peekKind() {
        case .null:
            try cursor.literal("null")
            return nil
        case .string:
            let text = try cursor.string()
            let name: DiscordEventName?
            if text.hasEscapes {
                name = Array(text.value.utf8).withUnsafeBufferPointer { DiscordEventName(validating: $0) }
            } else {
                name = DiscordEventName(validating: text.bytes)
            }
            guard let name else { throw cursor.malformed(.badEventName) }
            return name
        default: throw cursor.malformed(.wrongType)
        }
    }
}

extension EventRoute {
    /// Objects that are themselves a guild or channel name it in `id`.
    func completed(for event: DiscordEventName) -> Self {
        var route = self
        switch event {
        case .guildCreate, .guildUpdate, .guildDelete:
            route.guildID = objectID.map { GuildID($0) }
        case .channelCreate, .channelUpdate, .channelDelete, .threadCreate, .threadUpdate, .threadDelete:
            route.channelID = objectID.map { ChannelID($0) }
        default:
            break
        }
        return route
    }
}
