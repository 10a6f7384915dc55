/// A Discord account. Source: Discord API reference, "User Object".
package struct User: Codable, Hashable, Sendable {
    package var id: UserID
    package var username: String
    /// The name shown instead of the user name, if set.
    package var globalName: String?
    package var avatar: String?
    package var bot: Bool

    package init(id: UserID, username: String, globalName: String? = nil, avatar: String? = nil, bot: Bool = false) {
        self.id = id
        self.username = username
        self.globalName = globalName
        self.avatar = avatar
        self.bot = bot
    }

    package enum CodingKeys: String, CodingKey {
        case id, username, avatar, bot
        case globalName = "global_name"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(UserID.self, forKey: .id)
        username = container.lenient(.username, or: "")
        globalName = container.lenient(.globalName)
        avatar = container.lenient(.avatar)
        bot = container.lenient(.bot, or: false)
    }
}
