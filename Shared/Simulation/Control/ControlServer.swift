import DiscordModel
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// The control API: tests and the page act as members and see what happened.
///
/// Addresses and fields are fixed (`/control/messages` …): tools rely on them. Channels, members and bots are given by
/// name or id. An error is 400 with `{"error": …}`.
struct ControlServer: Sendable {
    private static let bodyLimit = 1 << 20

    let discord: SimulatedDiscord

    typealias Handler = @Sendable (JSONValue) async throws(DiscordError) -> JSONValue

    func addRoutes(to router: SimulationRouter) {
        post(router, "/control/messages", postMessage)
        post(router, "/control/commands", useCommand)
        post(router, "/control/autocomplete", autocomplete)
        post(router, "/control/components", useComponent)
        post(router, "/control/modals", submitModal)
        post(router, "/control/voice", setVoice)
        post(router, "/control/members", addMember)
        post(router, "/control/typing", startTyping)
        post(router, "/control/reactions", setReaction)
        post(router, "/control/delete", deleteMessage)
        post(router, "/control/edit", editMessage)
        post(router, "/control/faults", addFault)
        post(router, "/control/recording", setRecording)
        get(router, "/control/faults", faults)
        delete(router, "/control/faults", endFaults)
        get(router, "/control/transcript", transcript)
        get(router, "/control/voice") { _ throws(DiscordError) in try read { $0.world.voiceSummary() } }
        get(router, "/control/world") { _ throws(DiscordError) in try read { $0.world.summary() } }
        get(router, "/control/connections") { _ throws(DiscordError) in
            try read { $0.gateway.connectionSummary($0.world) }
        }
        get(router, "/control/calls", calls)
        get(router, "/control/interactions", interactions)
        router.get("/control/events") { _, _ in events() }
    }

    private func read<Result: Sendable>(_ body: (SimulatedDiscordState) -> Result) throws(DiscordError) -> Result {
        try discord.perform { state throws(DiscordError) in body(state) }
    }

    // MARK: - HTTP

    private func post(_ router: SimulationRouter, _ path: RouterPath, _ handler: @escaping Handler) {
        router.post(path) { request, _ in
            let buffer = try await request.body.collect(upTo: Self.bodyLimit)
            guard let body = JSONValue(parsing: buffer.readableBytesView), body.objectValue != nil else {
                return Self.respond(400, ["error": "The body is no JSON object"])
            }
            return await Self.run(handler, body)
        }
    }

    private func get(_ router: SimulationRouter, _ path: RouterPath, _ handler: @escaping Handler) {
        router.get(path) { request, _ in await Self.run(handler, Self.query(of: request)) }
    }

    private func delete(_ router: SimulationRouter, _ path: RouterPath, _ handler: @escaping Handler) {
        router.delete(path) { request, _ in await Self.run(handler, Self.query(of: request)) }
    }

    private static func query(of request: Request) -> JSONValue {
        var query: [String: JSONValue] = [:]
        for (name, value) in request.uri.queryParameters { query[String(name)] = .string(String(value)) }
        return .object(query)
    }

    private static func run(_ handler: Handler, _ input: JSONValue) async -> Response {
        do throws(DiscordError) {
            return respond(200, try await handler(input))
        } catch {
            return respond(400, ["error": .string(error.text)])
        }
    }

    private static func respond(_ status: Int, _ body: JSONValue) -> Response {
        Response(
            status: .init(code: status),
            headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: body.bytes))
        )
    }

    // MARK: - What is followed

    /// Server-sent events: each change of the world as `event: <kind>` and `data: <JSON>`.
    private func events() -> Response {
        let feed = discord.feed
        let body = ResponseBody { writer in
            try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
            for await change in feed.follow() {
                try await writer.write(ByteBuffer(string: "event: \(change.kind)\ndata: \(change.payload.text)\n\n"))
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: body
        )
    }

    private func transcript(_ query: JSONValue) async throws(DiscordError) -> JSONValue {
        let limit = min(query["limit"]?.integerOrText ?? 200, 2000)
        let wanted = query["channel"]?.stringValue
        return try discord.perform { state throws(DiscordError) in
            let world = state.world
            let channels: [DiscordChannel]
            if let wanted, !wanted.isEmpty {
                channels = [try Self.channel(wanted, world)]
            } else {
                channels = world.channels.values.filter { $0.kind.hasMessages }
            }
            let messages = channels.flatMap { world.history[$0.id]?.newest(limit) ?? [] }.sorted { $0.id < $1.id }
            return .array(messages.suffix(limit).map { world.transcriptJSON($0) })
        }
    }

    private func calls(_ query: JSONValue) async throws(DiscordError) -> JSONValue {
        let since = query["since"]?.integerOrText ?? 0
        let withBodies = query["bodies"]?.stringValue == "1"
        return try read { .array($0.calls.since(since).map { $0.json(withBodies: withBodies) }) }
    }

    private func interactions(_ query: JSONValue) async throws(DiscordError) -> JSONValue {
        let id = query["id"]?.snowflake(InteractionID.self)
        return try read { state in
            let found = state.world.interactions.values.filter { id == nil || $0.id == id }.sorted { $0.id < $1.id }
            return .array(found.suffix(200).map { state.world.interactionSummary($0) })
        }
    }

    private func setRecording(_ body: JSONValue) async throws(DiscordError) -> JSONValue {
        let wanted = body["bodies"]?.boolValue ?? false
        return try discord.perform { state throws(DiscordError) in
            state.calls.recordsBodies = wanted
            return ["bodies": .bool(wanted)]
        }
    }
}
