import DiscordModel
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceKit
import Synchronization

/// Takes interactions that Discord posts instead of sending them over a session: `POST /interactions/<bot>`.
///
/// An interaction is answered by the callback route, as one of a session is, and the request with 202 and no body. Only of
/// the callback do we learn whether Discord has it, and Discord takes one: so a lost connection, a repetition or a kill -9
/// leaves nothing undecided. A PING alone is answered in the response, for Discord refuses its callback. Source: Discord
/// API reference, "Receiving and Responding"; discord/discord-api-docs#7311.
final class InteractionEndpoint: Sendable {
    /// The longest body in bytes: a command with its longest options in escaped letters has some 900,000.
    static let bodyLimit = 1 << 20
    /// How long a body may take to arrive; Discord gives the interaction up after 3 s.
    private static let bodyPatience: Duration = .seconds(3)
    /// How long the desk may take to write it down.
    private static let deskPatience: Duration = .milliseconds(2_500)
    /// Requests at the same time, so that bodies stay within 64 MB.
    private static let concurrency = 64

    private let fleet: any FleetPort
    private let desk: InteractionDesk
    private let metrics: MetricsRegistry
    private let refusals: RefusalLog
    private let recent = Mutex(RecentInteractions())
    private let open = Mutex(0)

    init(fleet: any FleetPort, desk: InteractionDesk, logger: Logger, metrics: MetricsRegistry) {
        self.fleet = fleet
        self.desk = desk
        self.metrics = metrics
        refusals = RefusalLog(logger: logger)
    }

    /// How a request was answered.
    enum Outcome: Hashable, Sendable {
        case pong
        case accepted
        case refused(InteractionAdmission.Refusal)
        case tooLong
        case tooSlow
        /// The bot is not one of the fleet.
        case unknownBot
        /// Nothing can be verified before the bot's first login.
        case keyUnknown
        /// The bot is stopped, or has not logged in yet, and so cannot answer.
        case botStopped
        case busy
        case notTaken

        var status: HTTPResponse.Status {
            switch self {
            case .pong: .ok
            case .accepted: .accepted
            case .refused(.unreadable): .badRequest
            case .refused(.replayed): .conflict
            case .refused: .unauthorized
            case .tooLong: .contentTooLarge
            case .tooSlow: .requestTimeout
            case .unknownBot: .notFound
            case .keyUnknown, .botStopped, .busy, .notTaken: .serviceUnavailable
            }
        }

        /// The label of the metric, and what the log says.
        var name: String {
            switch self {
            case .pong: "pong"
            case .accepted: "accepted"
            case .refused(let refusal): refusal.rawValue
            case .tooLong: "too-long"
            case .tooSlow: "too-slow"
            case .unknownBot: "unknown-bot"
            case .keyUnknown: "key-unknown"
            case .botStopped: "bot-stopped"
            case .busy: "busy"
            case .notTaken: "not-taken"
            }
        }
    }

    func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.post("/interactions/{bot}") { request, context in
            let bot = context.parameters.get("bot").flatMap { BotID(rawValue: $0) }
            return Self.response(await self.take(request, for: bot))
        }
        return router
    }

    private static func response(_ outcome: Outcome) -> Response {
        guard outcome == .pong else { return Response(status: outcome.status) }
        return Response(
            status: .ok,
            headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(string: #"{"type":1}"#))
        )
    }

    private func take(_ request: Request, for bot: BotID?) async -> Outcome {
        guard let bot, fleet.allBots.contains(bot) else {
            count(.unknownBot, "unknown")
            return .unknownBot
        }
        let outcome = await outcome(of: request, for: bot)
        count(outcome, bot.rawValue)
        refusals.note(outcome, of: bot)
        return outcome
    }

    private func outcome(of request: Request, for bot: BotID) async -> Outcome {
        guard enter() else { return .busy }
        defer { open.withLock { $0 -= 1 } }
        guard let key = fleet.interactionKey(of: bot) else { return .keyUnknown }
        // Who announces too much is refused before it is sent.
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > Self.bodyLimit {
            return .tooLong
        }
        let body: [UInt8]
        do {
            body = try await withDeadline(Self.bodyPatience) {
                Array(try await request.body.collect(upTo: Self.bodyLimit).readableBytesView)
            }
        } catch is NIOTooManyBytesError {
            return .tooLong
        } catch {
            return .tooSlow
        }
        let now = Int64(Date().timeIntervalSince1970)
        let verdict = InteractionAdmission(key: key).decide(
            SignedDelivery(
                signatures: request.headers[values: .signature],
                timestamps: request.headers[values: .signatureTimestamp],
                body: body
            ),
            now: now,
            isNew: { id in recent.withLock { $0.note(id, now: now) } }
        )
        switch verdict {
        case .ping: return .pong
        case .refused(let refusal): return .refused(refusal)
        case .interaction:
            guard fleet.canAnswer(bot) else { return .botStopped }
            switch await desk.deliver(bot: bot, payload: body).outcome(within: Self.deskPatience) {
            case .accepted: return .accepted
            case .known: return .refused(.replayed)
            case .unreadable: return .refused(.unreadable)
            case .refused: return .notTaken
            }
        }
    }

    private func enter() -> Bool {
        open.withLock { open in
            guard open < Self.concurrency else { return false }
            open += 1
            return true
        }
    }

    private func count(_ outcome: Outcome, _ bot: String) {
        metrics.counter(
            "interactions_endpoint_requests_total",
            help: "Requests to the interactions endpoint, by bot and by how they were answered.",
            labels: ["bot": bot, "outcome": outcome.name]
        ).increment()
    }
}

extension HTTPField.Name {
    fileprivate static var signature: Self { Self("X-Signature-Ed25519") ?? .authorization }
    fileprivate static var signatureTimestamp: Self { Self("X-Signature-Timestamp") ?? .authorization }
}
