import DiscordModel
import FuzzSupport

private let watched = [UserID(1), UserID(2), UserID(3)]

/// What the scanner lets through, Foundation reads in the same way; what is cut off or goes on, both refuse.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFrames(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    fuzz(data, count) { bytes in
        let frame: GatewayFrame
        do throws(MalformedJSON) {
            frame = try FrameScanner(watched: watched).scan(bytes)
        } catch {
            require((0...count).contains(error.offset), "an error at \(error.offset) of \(count)")
            switch error.reason {
            case .unterminatedString, .trailingBytes:
                require(isUTF16(bytes) || Document(bytes) == nil, "Foundation takes what is \(error)")
            default:
                // Stricter on purpose: depth, long numbers, repeated keys, values of another kind. Foundation repairs what
                // is no UTF-8, and takes keys with control characters and with escapes that there are not.
                break
            }
            return
        }
        guard let document = Document(bytes) else { return require(false, "Foundation refuses the frame") }
        require(document["op"]?.id == frame.opcode.rawValue, "op")
        require(document["s"]?.id == frame.sequence, "s")
        require(document["t"]?.text == frame.event?.rawValue, "t")
        require(frame.data.lowerBound >= 0 && frame.data.upperBound <= count, "d outside the frame")
        require(Document(UnsafeRawBufferPointer(rebasing: bytes[frame.data])) == document["d"], "d is another value")
        guard frame.opcode == .dispatch, let event = frame.event?.rawValue else {
            return require(frame.route == EventRoute(), "a route without an event")
        }
        let data = document["d"] ?? .null
        require(
            frame.route == EventRoute(data, event, ids: \.id)
                // Our reader takes no id that is written with a fraction or an exponent, which Foundation's hides.
                || frame.route == EventRoute(data, event, ids: { $0.text == nil ? nil : $0.id })
                || data.hasNumbers,
            "\(frame.route) is not \(EventRoute(data, event, ids: \.id))"
        )
    }
}

/// Foundation guesses other encodings from zero bytes at the start, which our readers never do.
private func isUTF16(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.prefix(4).contains(0) || bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE])
        || bytes.starts(with: [0xEF, 0xBB, 0xBF])
}

extension Document {
    /// Whether an id might be written as a number.
    fileprivate var hasNumbers: Bool {
        switch self {
        case .unsigned, .number: true
        case .array(let elements): elements.contains(where: \.hasNumbers)
        case .object(let fields): fields.values.contains(where: \.hasNumbers)
        default: false
        }
    }
}

extension EventRoute {
    /// The route as a full decoder finds it.
    fileprivate init(_ data: Document, _ event: String, ids: (Document) -> UInt64?) {
        self.init()
        func bit(_ user: Document?) -> UInt64 {
            guard let id = user?["id"].flatMap(ids), let index = watched.firstIndex(of: UserID(id)) else { return 0 }
            return 1 << UInt64(index)
        }
        guildID = data["guild_id"].flatMap(ids).map { GuildID($0) }
        channelID = data["channel_id"].flatMap(ids).map { ChannelID($0) }
        objectID = data["id"].flatMap(ids)
        let people = [data["author"], data["user"], data["member"]?["user"]].compactMap { $0 }
        let person = people.first { $0["id"].flatMap(ids) != nil }
        userID = (person?["id"] ?? data["user_id"]).flatMap(ids).map { UserID($0) }
        if person?["bot"]?.isTrue == true { flags.insert(.fromBot) }
        if data["mention_everyone"]?.isTrue == true { flags.insert(.mentionsEveryone) }
        if data["unavailable"]?.isTrue == true { flags.insert(.unavailable) }
        if data["webhook_id"].flatMap(ids) != nil { flags.insert(.fromWebhook) }
        for user in data["mentions"]?.elements ?? [] {
            mentioned |= bit(user)
            if user["id"].flatMap(ids) != nil { flags.insert(.mentionsUsers) }
        }
        if data["referenced_message"]?.isObject == true { flags.insert(.isReply) }
        repliedTo = bit(data["referenced_message"]?["author"])
        switch event {
        case "GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE": guildID = objectID.map { GuildID($0) }
        case "CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE", "THREAD_CREATE", "THREAD_UPDATE", "THREAD_DELETE":
            channelID = objectID.map { ChannelID($0) }
        default: break
        }
    }
}
