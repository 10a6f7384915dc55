import BusContract
import DiscordModel
import FoundationEssentials
import Store

/// What a member asked, as the turn's row keeps it until it is answered.
///
/// The channel's history has it too, but a bot without the right to read the history must answer as well.
struct Question: Codable, Sendable, Hashable {
    var content: String
    var username: String
    var globalName: String?
    /// File names.
    var attachments: [String]
    /// The W3C trace id of what began with the message; empty = none.
    var trace: String

    /// For a row that holds something else.
    private static let empty = Question()

    private init() {
        content = ""
        username = "somebody"
        attachments = []
        trace = ""
    }

    init(_ message: MessageEvent, trace: String = "") {
        content = message.content
        username = message.author.username
        globalName = message.member?.nick ?? message.author.globalName
        attachments = message.attachments.map(\.filename)
        self.trace = trace
    }

    /// What a turn's row holds.
    init(_ turn: Turn) {
        self = (try? JSONDecoder().decode(Self.self, from: Data(turn.request.utf8))) ?? .empty
    }

    /// The trace, for calls made on the question's behalf.
    var traceContext: TraceContext? {
        guard trace.utf8.count == 32, let high = UInt64(trace.prefix(16), radix: 16),
            let low = UInt64(trace.suffix(16), radix: 16)
        else { return nil }
        return TraceContext(traceHigh: high, traceLow: low, span: .random(in: 1 ... .max))
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
