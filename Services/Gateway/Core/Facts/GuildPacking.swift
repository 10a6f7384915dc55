import DiscordModel

/// A guild in a tenth of the memory that its values take: for the database, and for guilds that nobody asks for.
///
/// The outline comes first, so that it can be read alone. Numbers are varints, ids eight bytes, texts their length and
/// UTF-8; a member's roles are places in the guild's list of roles. What nobody asks the cache for is left out: avatars,
/// and the rights that interactions carry.
enum GuildPacking {
    /// Changes with the form; a stored guild of another form is read anew from the journal.
    static let version: UInt8 = 1

    static func pack(_ entry: GuildEntry) -> [UInt8] {
        var out = PackedWriter()
        out.byte(version)
        let outline = entry.outline
        out.id(outline.id.rawValue)
        out.text(outline.name)
        out.number(outline.memberCount)
        out.list(outline.bots) { $0.text($1.rawValue) }
        out.optional(outline.observer) { $0.text($1.rawValue) }

        let state = entry.state
        out.id(state.ownerID.rawValue)
        out.text(state.locale)
        let roles = state.roles.values.sorted { $0.id < $1.id }
        out.list(roles) { $0.role($1) }
        out.list(state.channels.values.sorted { $0.id < $1.id }) { $0.channel($1) }
        let places = Dictionary(roles.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        out.list(state.members.sorted { $0.key < $1.key }) { $0.member($1.value, $1.key, places) }
        out.list(state.voiceStates.values.sorted { $0.userID < $1.userID }) { $0.voiceState($1) }
        return out.bytes
    }

    /// Nil: it is not of this form, or damaged.
    static func unpack(_ bytes: [UInt8]) -> GuildEntry? {
        bytes.withUnsafeBytes { buffer in
            var input = PackedReader(buffer)
            guard let outline = try? input.outline(), let state = try? input.state(outline), input.isAtEnd else {
                return nil
            }
            return GuildEntry(state: state, bots: Set(outline.bots), observer: outline.observer)
        }
    }

    /// The outline alone.
    static func outline(of bytes: [UInt8]) -> GuildOutline? {
        bytes.withUnsafeBytes { buffer in
            var input = PackedReader(buffer)
            return try? input.outline()
        }
    }
}

/// Which optional fields and flags are there.
private struct Bits: OptionSet {
    let rawValue: UInt8

    static let first = Self(rawValue: 1)
    static let second = Self(rawValue: 2)
    static let third = Self(rawValue: 4)
    static let fourth = Self(rawValue: 8)
    static let fifth = Self(rawValue: 16)
    static let sixth = Self(rawValue: 32)
    static let seventh = Self(rawValue: 64)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ flags: Bool...) {
        rawValue = flags.enumerated().reduce(0) { $0 | ($1.element ? 1 << $1.offset : 0) }
    }
}

// MARK: - Writing

private struct PackedWriter {
    var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(4096) }

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func id(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func unsigned(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Zigzag: small numbers of either sign are short.
    mutating func number(_ value: some FixedWidthInteger) {
        let wide = Int64(clamping: value)
        unsigned(UInt64(bitPattern: wide << 1 ^ wide >> 63))
    }

    mutating func text(_ value: String) {
        unsigned(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    mutating func list<Elements: Collection>(_ elements: Elements, _ body: (inout Self, Elements.Element) -> Void) {
        unsigned(UInt64(elements.count))
        for element in elements { body(&self, element) }
    }

    mutating func optional<Value>(_ value: Value?, _ body: (inout Self, Value) -> Void) {
        byte(value == nil ? 0 : 1)
        if let value { body(&self, value) }
    }

    mutating func role(_ role: Role) {
        id(role.id.rawValue)
        byte(Bits(role.hoist, role.managed, role.mentionable).rawValue)
        text(role.name)
        number(role.position)
        unsigned(role.permissions.rawValue)
        number(role.color)
    }

    mutating func channel(_ channel: Channel) {
        id(channel.id.rawValue)
        let bits = Bits(
            channel.name != nil,
            channel.topic != nil,
            channel.parentID != nil,
            channel.ownerID != nil,
            channel.isAgeRestricted,
            channel.isArchived
        )
        byte(bits.rawValue)
        number(channel.type.rawValue)
        if let name = channel.name { text(name) }
        if let topic = channel.topic { text(topic) }
        if let parent = channel.parentID { id(parent.rawValue) }
        if let owner = channel.ownerID { id(owner.rawValue) }
        number(channel.position)
        number(channel.slowmode)
        number(channel.userLimit)
        list(channel.permissionOverwrites) { out, overwrite in
            out.id(overwrite.id)
            out.byte(UInt8(overwrite.type.rawValue))
            out.unsigned(overwrite.allow.rawValue)
            out.unsigned(overwrite.deny.rawValue)
        }
    }

    mutating func member(_ member: Member, _ user: UserID, _ places: [RoleID: Int]) {
        id(user.rawValue)
        let bits = Bits(
            member.user?.globalName != nil,
            member.nick != nil,
            member.joinedAt != nil,
            member.communicationDisabledUntil != nil,
            member.pending,
            member.user?.bot ?? false
        )
        byte(bits.rawValue)
        text(member.user?.username ?? "")
        if let name = member.user?.globalName { text(name) }
        if let nick = member.nick { text(nick) }
        if let joined = member.joinedAt { number(joined.milliseconds) }
        if let until = member.communicationDisabledUntil { number(until.milliseconds) }
        list(member.roles) { out, role in
            // 0 stands before a role that the guild does not list: it may have gone while the member was not heard of.
            if let place = places[role] {
                out.unsigned(UInt64(place + 1))
            } else {
                out.unsigned(0)
                out.id(role.rawValue)
            }
        }
    }

    mutating func voiceState(_ state: VoiceState) {
        id(state.userID.rawValue)
        id(state.channelID?.rawValue ?? 0)
        let bits = Bits(
            state.deaf,
            state.mute,
            state.selfDeaf,
            state.selfMute,
            state.selfStream,
            state.selfVideo,
            state.suppress
        )
        byte(bits.rawValue)
        text(state.sessionID)
    }
}

// MARK: - Reading

private struct PackedReader {
    struct Damaged: Error {}

    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { offset == bytes.count }

    mutating func byte() throws(Damaged) -> UInt8 {
        guard offset < bytes.count else { throw Damaged() }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func id() throws(Damaged) -> UInt64 {
        guard bytes.count - offset >= 8 else { throw Damaged() }
        defer { offset += 8 }
        return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    mutating func unsigned() throws(Damaged) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            let byte = try byte()
            guard shift < 63 || byte <= 1 else { throw Damaged() }
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw Damaged()
    }

    mutating func number() throws(Damaged) -> Int64 {
        let value = try unsigned()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func int() throws(Damaged) -> Int { Int(try number()) }

    mutating func text() throws(Damaged) -> String {
        let count = try unsigned()
        guard count <= UInt64(bytes.count - offset) else { throw Damaged() }
        let length = Int(count)
        defer { offset += length }
        return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]), as: UTF8.self)
    }

    /// - Throws: also when more elements are announced than bytes are left: each takes at least one.
    mutating func list<Element>(
        _ body: (inout Self) throws(Damaged) -> Element
    ) throws(Damaged) -> [Element] {
        let count = try unsigned()
        guard count <= UInt64(bytes.count - offset) else { throw Damaged() }
        var elements: [Element] = []
        elements.reserveCapacity(Int(count))
        for _ in 0..<count { elements.append(try body(&self)) }
        return elements
    }

    mutating func bits() throws(Damaged) -> Bits { Bits(rawValue: try byte()) }

    mutating func bot() throws(Damaged) -> BotID {
        guard let bot = BotID(rawValue: try text()) else { throw Damaged() }
        return bot
    }

    mutating func outline() throws(Damaged) -> GuildOutline {
        guard try byte() == GuildPacking.version else { throw Damaged() }
        return GuildOutline(
            id: GuildID(try id()),
            name: try text(),
            memberCount: try int(),
            bots: try list { input throws(Damaged) in try input.bot() },
            observer: try byte() == 0 ? nil : try bot()
        )
    }

    mutating func state(_ outline: GuildOutline) throws(Damaged) -> GuildState {
        var state = GuildState(
            Guild(id: outline.id, name: outline.name, ownerID: UserID(try id()), memberCount: outline.memberCount)
        )
        state.locale = try text()
        let roles = try list { input throws(Damaged) in try input.role() }
        state.roles = Dictionary(roles.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        let channels = try list { input throws(Damaged) in try input.channel() }
        state.channels = Dictionary(channels.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        let members = try list { input throws(Damaged) in try input.member(roles) }
        state.members = Dictionary(members, uniquingKeysWith: { $1 })
        let voices = try list { input throws(Damaged) in try input.voiceState() }
        state.voiceStates = Dictionary(voices.map { ($0.userID, $0) }, uniquingKeysWith: { $1 })
        return state
    }

    private mutating func role() throws(Damaged) -> Role {
        var role = Role(id: RoleID(try id()), name: "")
        let bits = try bits()
        role.hoist = bits.contains(.first)
        role.managed = bits.contains(.second)
        role.mentionable = bits.contains(.third)
        role.name = try text()
        role.position = try int()
        role.permissions = Permissions(rawValue: try unsigned())
        role.color = try int()
        return role
    }

    private mutating func channel() throws(Damaged) -> Channel {
        var channel = Channel(id: ChannelID(try id()), type: .guildText)
        let bits = try bits()
        channel.type = ChannelType(rawValue: try int())
        if bits.contains(.first) { channel.name = try text() }
        if bits.contains(.second) { channel.topic = try text() }
        if bits.contains(.third) { channel.parentID = ChannelID(try id()) }
        if bits.contains(.fourth) { channel.ownerID = UserID(try id()) }
        channel.isAgeRestricted = bits.contains(.fifth)
        channel.isArchived = bits.contains(.sixth)
        channel.position = try int()
        channel.slowmode = try int()
        channel.userLimit = try int()
        channel.permissionOverwrites = try list { input throws(Damaged) in
            let id = try input.id()
            guard let type = PermissionOverwrite.Target(rawValue: Int(try input.byte())) else { throw Damaged() }
            return PermissionOverwrite(
                id: id,
                type: type,
                allow: Permissions(rawValue: try input.unsigned()),
                deny: Permissions(rawValue: try input.unsigned())
            )
        }
        return channel
    }

    private mutating func member(_ roles: [Role]) throws(Damaged) -> (UserID, Member) {
        let id = UserID(try id())
        let bits = try bits()
        var user = User(id: id, username: try text(), bot: bits.contains(.sixth))
        if bits.contains(.first) { user.globalName = try text() }
        var member = Member(user: nil, pending: bits.contains(.fifth))
        if bits.contains(.second) { member.nick = try text() }
        if bits.contains(.third) { member.joinedAt = Timestamp(milliseconds: try number()) }
        if bits.contains(.fourth) { member.communicationDisabledUntil = Timestamp(milliseconds: try number()) }
        member.roles = try list { input throws(Damaged) in
            let place = try input.unsigned()
            if place == 0 { return RoleID(try input.id()) }
            guard place <= UInt64(roles.count) else { throw Damaged() }
            return roles[Int(place) - 1].id
        }
        member.user = user
        return (id, member)
    }

    private mutating func voiceState() throws(Damaged) -> VoiceState {
        let user = UserID(try id())
        let channel = try id()
        var state = VoiceState(userID: user, channelID: channel == 0 ? nil : ChannelID(channel))
        let bits = try bits()
        state.deaf = bits.contains(.first)
        state.mute = bits.contains(.second)
        state.selfDeaf = bits.contains(.third)
        state.selfMute = bits.contains(.fourth)
        state.selfStream = bits.contains(.fifth)
        state.selfVideo = bits.contains(.sixth)
        state.suppress = bits.contains(.seventh)
        state.sessionID = try text()
        return state
    }
}
