import DiscordModel
import FoundationEssentials

/// What a member asked, as the turn's row keeps it until it is answered.
///
/// The channel's history has it too, but a bot without the right to read the history must answer as well.
struct Question: Codable, Sendable, Hashable {
    var content: String
    var username: String
    var globalName: String?
    /// File names.
    var attachments: [String]

    /// For a row that holds something else.
    static let empty = Question()

    private init() {
        content = ""
        username = "somebody"
        attachments = []
    }

    init(_ message: MessageEvent) {
        content = message.content
        username = message.author.username
        globalName = message.member?.nick ?? message.author.globalName
        attachments = message.attachments.map(\.filename)
    }

    /// As JSON.
    var text: String {
        // A struct of texts always encodes.
        (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// From JSON; nil when the row holds something else.
    init?(text: String) {
        guard let value = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else { return nil }
        self = value
    }

    /// As a message of the history.
    func message(id: MessageID, author: UserID) -> HistoryMessage {
        HistoryMessage(
            id: id,
            author: User(id: author, username: username, globalName: globalName),
            content: content,
            attachments: attachments
        )
    }
}
