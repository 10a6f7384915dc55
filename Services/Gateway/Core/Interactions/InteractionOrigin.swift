import BusContract
import DiscordModel
import Store

/// Where an interaction was used and by whom: what is left to answer by when its own way is closed.
struct InteractionOrigin: Sendable {
    let kind: InteractionKind
    let name: String
    let channel: ChannelID
    let user: UserID
    let locale: String

    init?(_ request: HandleInteraction) {
        guard let channel = request.channel else { return nil }
        kind = request.kind
        name = request.name
        self.channel = channel
        user = request.member.user
        locale = request.locale
    }

    init?(_ row: StoredInteraction) {
        guard let channel = row.channel, let user = row.user else { return nil }
        kind = InteractionKind(rawValue: row.kind)
        name = row.name
        self.channel = channel
        self.user = user
        locale = row.locale
    }
}
