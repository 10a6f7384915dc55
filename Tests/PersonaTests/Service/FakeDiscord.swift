import BusContract
import DiscordModel
import FoundationEssentials
import MessageBus
import Synchronization

/// Discord behind a gateway that serves the bus: channels with messages, nonces, and mishaps on demand.
final class FakeDiscord: Sendable {
    struct Message: Sendable, Hashable {
        var id: MessageID
        var channel: ChannelID
        var author: UserID
        var content: String
        var replyTo: MessageID?
        var nonce: String?
        var edits = 0
    }

    /// What goes wrong with a call.
    enum Mishap: Sendable, Hashable {
        /// It is carried out, but the caller never learns of it.
        case lostReply
        /// Discord refuses it with that code.
        case refused(Int)
        /// It is not carried out.
        case unreachable
        /// It is carried out, and the reply waits until `release` is called.
        case held
    }

    struct Call: Sendable, Hashable {
        var bot: BotID
        var method: String
        var path: String
        var body: String
    }

    private struct State {
        var messages: [Message] = []
        var calls: [Call] = []
        var mishaps: [String: [Mishap]] = [:]
        var nextID: UInt64
        var isHolding = false
    }

    static let rainbow = BotID(rawValue: "rainbow")!
    static let iris = BotID(rawValue: "iris")!
    static let users: [BotID: UserID] = [rainbow: UserID(9001), iris: UserID(9002)]
    static let guild = GuildID(77)
    static let member = UserID(500)

    private let state: Mutex<State>

    init() {
        let now = UInt64(Date().timeIntervalSince1970 * 1000)
        state = Mutex(State(nextID: MessageID.lowerBound(millisecondsSinceEpoch: now).rawValue))
    }

    // MARK: What tests do and see

    /// A member writes something.
    @discardableResult
    func write(
        _ content: String,
        in channel: ChannelID = ChannelID(1),
        by author: UserID = FakeDiscord.member
    ) -> MessageID {
        state.withLock { state in
            state.nextID += 1
            let id = MessageID(state.nextID)
            state.messages.append(Message(id: id, channel: channel, author: author, content: content))
            return id
        }
    }

    func remove(_ message: MessageID) {
        state.withLock { $0.messages.removeAll { $0.id == message } }
    }

    /// Spoils the next calls of a method ("POST", "PATCH", …), one each.
    func spoil(_ method: String, _ mishaps: Mishap...) {
        state.withLock { $0.mishaps[method, default: []] += mishaps }
    }

    /// Lets held replies go.
    func release() {
        state.withLock { $0.isHolding = false }
    }

    /// As after the minutes for which Discord remembers them.
    func forgetNonces() {
        state.withLock { state in
            for index in state.messages.indices { state.messages[index].nonce = nil }
        }
    }

    /// What bots have written, in order.
    func answers(in channel: ChannelID? = nil, by bot: BotID? = nil) -> [Message] {
        let authors = Set(bot.map { [Self.users[$0]!] } ?? Array(Self.users.values))
        return state.withLock { state in
            state.messages.filter { authors.contains($0.author) && (channel == nil || $0.channel == channel) }
        }
    }

    var calls: [Call] { state.withLock { $0.calls } }

    // MARK: The gateway

    func serve(_ bus: BusConnection) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try await bus.serve(ExecuteREST.self, capacity: 64) { request, _ in try await self.answer(request) }
            }
            group.addTask {
                try await bus.serve(FleetStatus.self) { _, _ in
                    Fleet(bots: Self.users.map { BotStatus(bot: $0.key, state: .online, user: $0.value) })
                }
            }
            group.addTask {
                try await bus.serve(QueryChannel.self) { request, _ in
                    ChannelFacts(known: true, id: request.channel, guild: Self.guild, name: "general", topic: "Talk")
                }
            }
            group.addTask {
                try await bus.serve(QueryGuild.self) { request, _ in
                    GuildFacts(known: true, guild: request.guild, name: "Harbour")
                }
            }
        }
    }

    private func answer(_ request: ExecuteREST) async throws -> RESTOutcome {
        let mishap = state.withLock { state -> Mishap? in
            state.calls.append(
                Call(bot: request.bot, method: request.method, path: request.path, body: request.body)
            )
            guard !request.path.hasSuffix("/typing"), state.mishaps[request.method]?.isEmpty == false else {
                return nil
            }
            return state.mishaps[request.method]?.removeFirst()
        }
        switch mishap {
        case .refused(let code):
            return RESTOutcome(
                status: 403,
                failure: RESTFailure(kind: .refused, code: code, message: "refused \(code)")
            )
        case .unreachable:
            return RESTOutcome(status: 0, failure: RESTFailure(kind: .unreachable, message: "no connection"))
        case .lostReply:
            _ = state.withLock { carryOut(request, &$0) }
            return RESTOutcome(status: 0, failure: RESTFailure(kind: .outcomeUnknown, message: "connection lost"))
        case .held:
            let outcome = state.withLock { state in
                state.isHolding = true
                return carryOut(request, &state)
            }
            while state.withLock({ $0.isHolding }) { try await Task.sleep(for: .milliseconds(5)) }
            return outcome
        case nil:
            return state.withLock { carryOut(request, &$0) }
        }
    }

    private func carryOut(_ request: ExecuteREST, _ state: inout State) -> RESTOutcome {
        let parts = request.path.split(separator: "/").map(String.init)
        let channel = ChannelID(UInt64(parts[1]) ?? 0)
        if parts.last == "typing" { return RESTOutcome(status: 204) }
        let body = try? JSONDecoder().decode(Body.self, from: Data(request.body.utf8))
        switch (request.method, parts.count) {
        case ("GET", 3):
            let number = { (name: String) in request.query.first { $0.name == name }.flatMap { UInt64($0.value) } }
            let limit = Int(number("limit") ?? 50)
            var found = state.messages.filter { $0.channel == channel }
            if let before = number("before") {
                found = found.filter { $0.id.rawValue < before }.suffix(limit)
            } else if let after = number("after") {
                found = Array(found.filter { $0.id.rawValue > after }.prefix(limit))
            }
            return RESTOutcome(status: 200, body: "[" + found.reversed().map(json).joined(separator: ",") + "]")
        case ("POST", 3):
            guard let content = body?.content, !content.isEmpty, content.utf16.count <= 2000 else {
                return RESTOutcome(
                    status: 400,
                    failure: RESTFailure(kind: .refused, code: 50006, message: "bad content")
                )
            }
            if let nonce = body?.nonce, let known = state.messages.first(where: { $0.nonce == nonce }) {
                return RESTOutcome(status: 200, body: json(known))
            }
            state.nextID += 1
            let message = Message(
                id: MessageID(state.nextID),
                channel: channel,
                author: Self.users[request.bot] ?? UserID(0),
                content: content,
                replyTo: body?.message_reference?.message_id,
                nonce: body?.nonce
            )
            state.messages.append(message)
            return RESTOutcome(status: 200, body: json(message))
        case ("PATCH", 4), ("DELETE", 4):
            guard let index = state.messages.firstIndex(where: { $0.id.description == parts[3] }) else {
                return RESTOutcome(
                    status: 404,
                    failure: RESTFailure(kind: .refused, code: 10008, message: "Unknown Message")
                )
            }
            if request.method == "DELETE" {
                state.messages.remove(at: index)
                return RESTOutcome(status: 204)
            }
            state.messages[index].content = body?.content ?? ""
            state.messages[index].edits += 1
            return RESTOutcome(status: 200, body: json(state.messages[index]))
        default:
            return RESTOutcome(status: 404, failure: RESTFailure(kind: .invalid, message: "no such route"))
        }
    }

    private struct Body: Decodable {
        struct Reference: Decodable { let message_id: MessageID }
        let content: String?
        let nonce: String?
        let message_reference: Reference?
    }

    private struct Shown: Encodable {
        struct Author: Encodable {
            let id: UserID
            let username: String
            let bot: Bool
        }
        struct Reference: Encodable { let message_id: MessageID }
        let id: MessageID
        let type: Int
        let content: String
        let author: Author
        let message_reference: Reference?
    }

    private func json(_ message: Message) -> String {
        let isBot = Self.users.values.contains(message.author)
        let shown = Shown(
            id: message.id,
            type: message.replyTo == nil ? 0 : 19,
            content: message.content,
            author: .init(id: message.author, username: isBot ? "bot" : "alice", bot: isBot),
            message_reference: message.replyTo.map { .init(message_id: $0) }
        )
        return (try? JSONEncoder().encode(shown)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
