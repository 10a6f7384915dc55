import BusContract
import DiscordModel
import DurableEvents
import FoundationEssentials
import MessageBus

/// One channel as one of our bots sees it: every call goes to the gateway, which alone holds the token.
struct DiscordChannel: Sendable {
    /// Why a call did not succeed.
    enum Failure: Error, Sendable, Hashable {
        /// Discord refuses it: its code (10008 unknown message, 50013 missing permissions …) and words.
        case refused(code: Int, message: String)
        /// It was not carried out; the same call may succeed later.
        case unavailable(String)
        /// It may have been carried out or not.
        case unknown(String)
    }

    /// Discord's codes for things that do not exist any more.
    enum Code {
        static let unknownChannel = 10003
        static let unknownMessage = 10008
    }

    let bus: BusConnection
    let bot: BotID
    let channel: ChannelID
    let trace: TraceContext?

    /// Messages of the channel, newest first.
    ///
    /// - Parameters:
    ///   - before: Only messages with a smaller id.
    ///   - after: Only messages with a greater id, the next ones after it.
    func messages(
        limit: Int,
        before: MessageID? = nil,
        after: MessageID? = nil
    ) async throws(Failure) -> [HistoryMessage] {
        var query = [QueryItem("limit", String(limit))]
        if let before { query.append(QueryItem("before", before.description)) }
        if let after { query.append(QueryItem("after", after.description)) }
        let body = try await execute(
            "GET",
            "/channels/\(channel)/messages",
            query: query,
            lane: .message,
            safety: .idempotent
        )
        return try decode([HistoryMessage].self, body)
    }

    /// Sends a message as an answer to another, pinging nobody but (on `pings`) the author of that other.
    ///
    /// - Parameter key: Names what is sent; the same key within minutes gives the message that was sent the first time.
    func send(_ content: String, replyTo: MessageID, pings: Bool, key: String) async throws(Failure) -> HistoryMessage {
        let message = OutgoingMessage(
            content: content,
            allowedMentions: AllowedMentions(repliedUser: pings),
            replyTo: MessageReference(message: replyTo),
            nonce: Effect.nonce(of: key)
        )
        let body = try await execute(
            "POST",
            "/channels/\(channel)/messages",
            body: message,
            lane: .message,
            safety: .nonce,
            timeout: .seconds(20)
        )
        return try decode(HistoryMessage.self, body)
    }

    /// Replaces a message's text.
    ///
    /// - Parameter isFinal: The text will not change again; other edits give way when the bot is short of calls.
    func edit(_ message: MessageID, _ content: String, isFinal: Bool) async throws(Failure) {
        _ = try await execute(
            "PATCH",
            "/channels/\(channel)/messages/\(message)",
            body: OutgoingMessage(content: content),
            lane: isFinal ? .message : .cosmetic,
            safety: .idempotent
        )
    }

    func delete(_ message: MessageID) async throws(Failure) {
        _ = try await execute(
            "DELETE",
            "/channels/\(channel)/messages/\(message)",
            lane: .message,
            safety: .idempotent
        )
    }

    /// Shows "… is typing" for ten seconds or until a message comes.
    func type() async throws(Failure) {
        _ = try await execute(
            "POST",
            "/channels/\(channel)/typing",
            lane: .cosmetic,
            safety: .idempotent,
            timeout: .seconds(4)
        )
    }

    /// Name and topic, as far as the gateway knows the channel.
    func place(guild: GuildID?) async -> PromptBuilder.Place {
        guard let guild else { return .init() }
        // The prompt is better with these facts but does not depend on them.
        async let channelFacts = try? bus.request(QueryChannel(channel: channel), timeout: .seconds(2))
        async let guildFacts = try? bus.request(QueryGuild(guild: guild), timeout: .seconds(2))
        let (channel, server) = await (channelFacts, guildFacts)
        return PromptBuilder.Place(
            guildName: server.map(\.name).flatMap { $0.isEmpty ? nil : $0 } ?? "this server",
            channelName: channel.map(\.name).flatMap { $0.isEmpty ? nil : $0 },
            topic: channel.map(\.topic).flatMap { $0.isEmpty ? nil : $0 }
        )
    }

    // MARK: The call

    private func execute(
        _ method: String,
        _ path: String,
        query: [QueryItem] = [],
        body: OutgoingMessage? = nil,
        lane: Lane,
        safety: RESTSafety,
        timeout: Duration = .seconds(15)
    ) async throws(Failure) -> String {
        let call: ExecuteREST
        do {
            let json = try body.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
            call = ExecuteREST(
                bot: bot,
                method: method,
                path: path,
                query: query,
                body: json ?? "",
                lane: lane,
                safety: safety
            )
        } catch {
            throw .refused(code: 0, message: "the message cannot be encoded: \(error)")
        }
        let outcome: RESTOutcome
        do {
            outcome = try await bus.request(call, timeout: timeout, trace: trace)
        } catch {
            switch error.code {
            case .noWorker, .refused, .closed: throw .unavailable("\(error)")
            case .timeout, .outcomeUnknown, .failed, .malformed, .cancelled: throw .unknown("\(error)")
            }
        }
        if outcome.isSuccess { return outcome.body }
        let failure = outcome.failure ?? RESTFailure(kind: .refused, message: "HTTP \(outcome.status)")
        switch failure.kind {
        case .refused where outcome.status < 500, .invalid:
            throw .refused(code: failure.code, message: failure.message)
        case .outcomeUnknown, .refused:
            throw .unknown(failure.message)
        default:
            throw .unavailable("\(failure.kind.rawValue): \(failure.message)")
        }
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ body: String) throws(Failure) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(body.utf8))
        } catch {
            throw .unknown("Discord's answer cannot be read: \(error)")
        }
    }
}
