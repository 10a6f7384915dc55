package import DiscordModel

/// Roles of a guild.
extension World {
    private static let roleLimit = 250

    @discardableResult
    package mutating func createRole(
        _ body: JSONValue,
        in guildID: GuildID,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) -> Role {
        let guild = try guild(guildID, for: actor)
        try require(.manageRoles, of: actor, in: guildID)
        guard guild.roles.count < Self.roleLimit else { throw .tooManyRoles }
        var role = Role(
            id: RoleID(nextID()),
            name: "new role",
            permissions: guild.roles[guildID.everyoneRole]?.permissions ?? [],
            position: 1
        )
        try apply(body, to: &role, in: guild, by: actor)
        // A new role stands just above @everyone.
        for id in guild.roles.keys where id != guildID.everyoneRole { guilds[guildID]?.roles[id]?.position += 1 }
        guilds[guildID]?.roles[role.id] = role
        emit(
            "GUILD_ROLE_CREATE",
            to: .guild(guildID),
            intents: .guilds,
            ["guild_id": .id(guildID), "role": roleJSON(role)]
        )
        recordAudit(30, by: actor, target: role.id.description, reason: reason, in: guildID)
        return role
    }

    @discardableResult
    package mutating func editRole(
        _ id: RoleID,
        in guildID: GuildID,
        _ body: JSONValue,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) -> Role {
        let guild = try guild(guildID, for: actor)
        guard var role = guild.roles[id] else { throw .unknownRole }
        try require(.manageRoles, of: actor, in: guildID)
        guard outranks(actor, role: role, in: guild) else { throw .missingPermissions }
        try apply(body, to: &role, in: guild, by: actor)
        store(role, in: guildID)
        recordAudit(31, by: actor, target: id.description, reason: reason, in: guildID)
        return role
    }

    private func apply(
        _ body: JSONValue,
        to role: inout Role,
        in guild: Guild,
        by actor: UserID
    ) throws(DiscordError) {
        var errors = FormErrors()
        if let name = body["name"]?.stringValue {
            errors.checkLength(name, 1...100, ["name"])
            role.name = name
        }
        if let value = body["permissions"], !value.isNull {
            guard let bits = value.stringValue.flatMap({ UInt64($0) }) ?? value.integerValue.map({ UInt64(max($0, 0)) })
            else { throw .invalidForm(["permissions"], "NUMBER_TYPE_COERCE", "Value is not a permission set.") }
            let wanted = Permissions(rawValue: bits)
            let mine = permissions(of: actor, in: guild.id)
            guard mine.isSuperset(of: wanted.subtracting(role.permissions)) else { throw .missingPermissions }
            role.permissions = wanted
        }
        let color = body["colors"]?["primary_color"]?.integerValue ?? body["color"]?.integerValue
        if let color {
            if !(0...0xFF_FFFF).contains(color) {
                errors.add(["color"], "NUMBER_TYPE_MAX", "int value should be less than or equal to 16777215.")
            }
            role.color = Int(color)
        }
        if let hoist = body["hoist"]?.boolValue { role.hoist = hoist }
        if let mentionable = body["mentionable"]?.boolValue { role.mentionable = mentionable }
        try errors.throwIfAny()
    }

    private mutating func store(_ role: Role, in guildID: GuildID) {
        guard guilds[guildID]?.roles[role.id] != role else { return }
        guilds[guildID]?.roles[role.id] = role
        emit(
            "GUILD_ROLE_UPDATE",
            to: .guild(guildID),
            intents: .guilds,
            ["guild_id": .id(guildID), "role": roleJSON(role)]
        )
    }

    package mutating func moveRoles(
        _ positions: [(RoleID, Int)],
        in guildID: GuildID,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) {
        let guild = try guild(guildID, for: actor)
        try require(.manageRoles, of: actor, in: guildID)
        let ceiling = actor == guild.ownerID ? Int.max : highestRole(of: actor, in: guild)?.position ?? 0
        for (id, position) in positions {
            guard let role = guild.roles[id] else { throw .unknownRole }
            guard outranks(actor, role: role, in: guild), position < ceiling, id != guildID.everyoneRole else {
                throw .missingPermissions
            }
        }
        for (id, position) in positions {
            guard var role = guilds[guildID]?.roles[id] else { continue }
            role.position = max(position, 1)
            store(role, in: guildID)
        }
        recordAudit(31, by: actor, target: positions.first?.0.description, reason: reason, in: guildID)
    }

    package mutating func deleteRole(
        _ id: RoleID,
        in guildID: GuildID,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) {
        let guild = try guild(guildID, for: actor)
        guard let role = guild.roles[id] else { throw .unknownRole }
        try require(.manageRoles, of: actor, in: guildID)
        guard outranks(actor, role: role, in: guild), !role.isManaged, id != guildID.everyoneRole else {
            throw .missingPermissions
        }
        guilds[guildID]?.roles[id] = nil
        for var member in guild.members.values where member.roles.contains(id) {
            member.roles.removeAll { $0 == id }
            guilds[guildID]?.members[member.userID] = member
        }
        emit(
            "GUILD_ROLE_DELETE",
            to: .guild(guildID),
            intents: .guilds,
            ["guild_id": .id(guildID), "role_id": .id(id)]
        )
        recordAudit(32, by: actor, target: id.description, reason: reason, in: guildID)
    }
}
