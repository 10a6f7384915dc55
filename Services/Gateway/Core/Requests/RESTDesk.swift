import BusContract
import DiscordModel
import DiscordREST

/// Carries out services' REST calls: they name the bot, the gateway has its token.
///
/// Discord counts a bot's calls over all of its shards: the gateway that runs shard 0 makes them all, so that its limiter
/// sees every one.
struct RESTDesk: Sendable {
    static let shard = 0

    let fleet: FleetDirectory
    let cache: GuildCache

    /// - Parameter limit: how long the caller waits for the answer.
    func execute(_ call: ExecuteREST, within limit: Duration) async -> RESTOutcome {
        guard let method = DiscordRequest.Method(rawValue: call.method) else {
            return RESTOutcome(status: 0, failure: RESTFailure(kind: .invalid, message: "no method \(call.method)"))
        }
        // Their tokens never leave the gateway, and neither does the right to use one.
        guard !call.path.hasPrefix("/interactions/") else {
            return RESTOutcome(
                status: 0,
                failure: RESTFailure(kind: .invalid, message: "interactions are answered by RespondInteraction")
            )
        }
        let json = Array(call.body.utf8)
        let body: DiscordRequest.Body
        if !call.files.isEmpty {
            let files = call.files.map {
                DiscordRequest.File(name: $0.name, contentType: $0.contentType, data: $0.data.values)
            }
            body = .multipart(json: json, files: files)
        } else {
            body = json.isEmpty ? .none : .json(json)
        }
        let request = DiscordRequest(
            method,
            call.path,
            query: call.query.map { ($0.name, $0.value) },
            body: body,
            lane: RequestLane(call.lane),
            guild: await guild(of: call.path),
            auditReason: call.auditReason.isEmpty ? nil : call.auditReason,
            safety: DiscordRequest.Safety(call.safety),
            timeout: max(min(limit - .milliseconds(50), .seconds(120)), .milliseconds(50))
        )
        do {
            let response = try await fleet.execute(request, as: call.bot)
            return RESTOutcome(status: response.status, body: String(decoding: response.body, as: UTF8.self))
        } catch is CancellationError {
            return RESTOutcome(
                status: 0,
                failure: RESTFailure(kind: .unreachable, message: "given up before it was sent")
            )
        } catch {
            return RESTOutcome(error)
        }
    }

    /// Whose turn the request takes: the guild in its path, or that of the channel in it.
    private func guild(of path: String) async -> GuildID? {
        let parts = path.split(separator: "/", maxSplits: 2)
        guard parts.count >= 2 else { return nil }
        switch parts[0] {
        case "guilds": return GuildID(String(parts[1]))
        case "channels":
            guard let channel = ChannelID(String(parts[1])) else { return nil }
            return await cache.guild(of: channel)
        default: return nil
        }
    }
}

extension RequestLane {
    fileprivate init(_ lane: Lane) {
        switch lane {
        case .interaction: self = .interaction
        case .moderation: self = .moderation
        case .cosmetic: self = .cosmetic
        default: self = .message
        }
    }
}

extension DiscordRequest.Safety {
    fileprivate init(_ safety: RESTSafety) {
        switch safety {
        case .idempotent: self = .idempotent
        case .nonce: self = .nonce
        // Whoever probes looks first, and then sends anew.
        default: self = .never
        }
    }
}
