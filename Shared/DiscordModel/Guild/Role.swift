/// A role of a guild. Source: Discord API reference, "Role Object".
package struct Role: Codable, Hashable, Sendable {
    package var id: RoleID
    package var name: String
    /// Higher stands above; ties are ordered by id, the lower id above.
    package var position: Int
    package var permissions: Permissions
    package var color: Int
    /// Shown apart in the member list.
    package var hoist: Bool
    /// Owned by an integration or a bot: nobody can give or take it.
    package var managed: Bool
    package var mentionable: Bool

    package init(
        id: RoleID,
        name: String,
        position: Int = 0,
        permissions: Permissions = [],
        color: Int = 0,
        hoist: Bool = false,
        managed: Bool = false,
        mentionable: Bool = false
    ) {
        self.id = id
        self.name = name
        self.position = position
        self.permissions = permissions
        self.color = color
        self.hoist = hoist
        self.managed = managed
        self.mentionable = mentionable
    }

    package enum CodingKeys: String, CodingKey {
        case id, name, position, permissions, color, hoist, managed, mentionable
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(RoleID.self, forKey: .id)
        // Rights are never guessed: a role without readable permissions fails.
        permissions = try container.decode(Permissions.self, forKey: .permissions)
        position = try container.decode(Int.self, forKey: .position)
        name = container.lenient(.name, or: "")
        color = container.lenient(.color, or: 0)
        hoist = container.lenient(.hoist, or: false)
        managed = container.lenient(.managed, or: false)
        mentionable = container.lenient(.mentionable, or: false)
    }
}
