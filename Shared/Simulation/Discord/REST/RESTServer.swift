import DiscordModel
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// Discord's REST API over HTTP: finds the route, checks token and limits, runs the handler, records the call.
struct RESTServer: Sendable {
    /// A request may be 25 MiB (API documentation, "Uploading Files").
    private static let bodyLimit = 25 << 20

    let discord: SimulatedDiscord

    func addRoutes(to router: SimulationRouter) {
        for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete] {
            router.on("/api/**", method: method) { request, context in try await respond(to: request, context) }
        }
    }

    private func respond(to request: Request, _ context: SimulationContext) async throws -> Response {
        let started = ContinuousClock.now
        let fullPath = request.head.path ?? "/"
        let path = Self.apiPath(of: fullPath)
        let method = request.method.rawValue
        var exchange = Exchange(method: method, path: fullPath)
        var answer: RESTResponse
        do throws(DiscordError) {
            let application = try discord.perform { state throws(DiscordError) in
                Self.token(of: request).flatMap { state.world.application(token: $0) }
            }
            exchange.bot = application?.name ?? ""
            guard let (route, parameters) = try find(method, path, &exchange) else { throw .notFound }
            let bytes = try await Self.body(of: request)
            if route.needsToken, application == nil { throw .unauthorized }
            exchange.fault = try meetFault(route, parameters, application)
            answer = try await run(route, parameters, application, request, bytes, &exchange)
        } catch {
            answer = RESTResponse(status: error.status, body: error.body)
        }
        if exchange.fault?.kind == .lateAnswer { try? await Task.sleep(for: exchange.wait) }
        record(exchange, answer, since: started)
        return try await response(exchange, answer, context)
    }

    /// What the call log wants to know.
    private struct Exchange {
        let method: String
        let path: String
        var route: String?
        var bot = ""
        var headers: [String: String] = [:]
        var requestBody: JSONValue?
        var contentType: String?
        var reason: String?
        var fault: Fault<RESTFaultKind>?

        var wait: Duration { .milliseconds(Int64(fault?.wait ?? 0)) }
    }

    private func find(
        _ method: String,
        _ path: Substring?,
        _ exchange: inout Exchange
    ) throws(DiscordError) -> (RESTRoute, [String: String])? {
        guard let path else { return nil }
        switch RESTRoutes.table.match(method, path) {
        case .found(let route, let parameters):
            exchange.route = route.template
            return (route, parameters)
        case .wrongMethod: throw .methodNotAllowed
        case .unknown: return nil
        }
    }

    private func run(
        _ route: RESTRoute,
        _ parameters: [String: String],
        _ application: SimulatedApplication?,
        _ request: Request,
        _ bytes: [UInt8],
        _ exchange: inout Exchange
    ) async throws(DiscordError) -> RESTResponse {
        if let fault = exchange.fault, let refusal = try refusal(fault, route, &exchange) { return refusal }
        if exchange.fault?.kind == .delay { try? await Task.sleep(for: exchange.wait) }
        if let application {
            let verdict = try discord.perform { state throws(DiscordError) in
                state.limits.admit(
                    route,
                    resource: Self.resource(parameters),
                    bot: application.id,
                    at: state.world.now
                )
            }
            switch verdict {
            case .admitted(let headers):
                exchange.headers = headers
            case .refused(let headers, let body):
                exchange.headers = headers
                return RESTResponse(status: 429, body: body)
            }
        }
        let contentType = request.headers[.contentType] ?? ""
        exchange.contentType = contentType.isEmpty ? nil : contentType
        let (body, uploads) = try Self.read(bytes, contentType)
        exchange.requestBody = bytes.isEmpty ? nil : body
        exchange.reason = HTTPField.Name("X-Audit-Log-Reason").flatMap { request.headers[$0] }
            .map { PercentCoding.decode($0) }
        if let reason = exchange.reason, reason.unicodeScalars.count > 512 {
            throw .invalidForm(["reason"], "BASE_TYPE_MAX_LENGTH", "Must be 512 or fewer in length.")
        }
        let call = RESTRequest(
            application: application,
            parameters: parameters,
            query: Self.query(of: exchange.path),
            body: body,
            uploads: uploads,
            reason: exchange.reason,
            gatewayURL: discord.gatewayURL
        )
        if let check = route.check { try await check(discord, call) }
        let delay = exchange.fault.flatMap { $0.kind == .lateEvent ? $0.wait : nil }
        return try discord.perform(eventDelay: delay) { state throws(DiscordError) in
            try route.handler(&state, call)
        }
    }

    // MARK: - Faults

    /// The fault that this call meets, counted.
    private func meetFault(
        _ route: RESTRoute,
        _ parameters: [String: String],
        _ application: SimulatedApplication?
    ) throws(DiscordError) -> Fault<RESTFaultKind>? {
        try discord.perform { state throws(DiscordError) in
            let bot = application?.userID ?? Self.caller(parameters, state.world)
            return state.faults.take(
                RESTFaultKind.all,
                bot: bot,
                at: state.world.now,
                fits: { RESTFaultKind.includes($0.route, route) },
                "\(route.name) of \(bot.flatMap { state.world.users[$0]?.name } ?? "nobody")"
            )
        }
    }

    /// Whose call it is on routes without a token: whose interaction or webhook.
    private static func caller(_ parameters: [String: String], _ world: World) -> UserID? {
        if let interaction = parameters["interaction_id"].flatMap({ InteractionID($0) }) {
            return world.interactions[interaction].map { UserID($0.applicationID.rawValue) }
        }
        return parameters["webhook_id"].flatMap { ApplicationID($0) }.flatMap { world.applications[$0]?.userID }
    }

    /// What is answered by faults that let nothing be done; nil for the others.
    private func refusal(
        _ fault: Fault<RESTFaultKind>,
        _ route: RESTRoute,
        _ exchange: inout Exchange
    ) throws(DiscordError) -> RESTResponse? {
        switch fault.kind {
        case .bucketLimit, .sharedLimit, .globalLimit:
            let verdict = try discord.perform { state throws(DiscordError) in
                state.limits.refusal(fault.kind, of: route, after: fault.wait, at: state.world.now)
            }
            guard case .refused(let headers, let body) = verdict else { return nil }
            exchange.headers = headers
            return RESTResponse(status: 429, body: body)
        case .proxyLimit:
            exchange.headers = ["Retry-After": String((fault.wait + 999) / 1_000), "Server": "cloudflare"]
            return RESTResponse(status: 429, body: nil)
        case .status500, .status502, .status503, .status504:
            return RESTResponse(status: fault.kind.status ?? 500, body: nil)
        case .dropBefore:
            return RESTResponse(status: 0, body: nil)
        case .delay, .dropAfter, .reset, .lateAnswer, .lateEvent:
            return nil
        }
    }

    // MARK: - Answering

    private func record(_ exchange: Exchange, _ answer: RESTResponse, since started: ContinuousClock.Instant) {
        let elapsed = started.duration(to: .now)
        let milliseconds = Double(elapsed.components.seconds) * 1000 + Double(elapsed.components.attoseconds) / 1e15
        let call = try? discord.perform { state throws(DiscordError) in
            let now = state.world.now
            let keeps = state.calls.recordsBodies
            return state.calls.append { number in
                RESTCall(
                    number: number,
                    at: now,
                    bot: exchange.bot,
                    method: exchange.method,
                    path: exchange.path,
                    route: exchange.route,
                    status: answer.status,
                    milliseconds: milliseconds,
                    reason: exchange.reason,
                    fault: exchange.fault?.kind.rawValue,
                    requestBody: keeps ? exchange.requestBody : nil,
                    responseBody: keeps ? answer.body : nil,
                    requestContentType: exchange.contentType
                )
            }
        }
        if let call { discord.feed.publish(WorldChange(kind: "call", payload: call.json(withBodies: false))) }
    }

    /// - Throws: when a fault has broken the connection instead.
    private func response(
        _ exchange: Exchange,
        _ answer: RESTResponse,
        _ context: SimulationContext
    ) async throws -> Response {
        let kind = exchange.fault?.kind
        if kind == .dropBefore || kind == .dropAfter { throw await context.drop() }
        var headers: HTTPFields = [:]
        // Discord stands behind a proxy; clients take a 429 without this header for a ban by the proxy.
        if kind != .proxyLimit, let via = HTTPField.Name("Via") { headers[via] = "1.1 google" }
        for (name, value) in exchange.headers {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        let page = kind?.page
        let bytes = page.map { Array($0.utf8) } ?? answer.body?.bytes
        if bytes != nil { headers[.contentType] = page == nil ? "application/json" : "text/html; charset=UTF-8" }
        let response = Response(
            status: .init(code: answer.status),
            headers: headers,
            body: bytes.map { .init(byteBuffer: ByteBuffer(bytes: $0)) } ?? .init()
        )
        guard kind == .reset else { return response }
        // An answer without a body has no middle.
        guard let bytes else { throw await context.reset() }
        return context.broken(response, body: bytes)
    }

    // MARK: - Reading

    private static func token(of request: Request) -> Substring? {
        request.headers[.authorization].map { $0.hasPrefix("Bot ") ? $0.dropFirst(4) : Substring($0) }
    }

    /// What follows `/api` and the version; nil for a version that is gone.
    private static func apiPath(of path: String) -> Substring? {
        var rest = path.prefix { $0 != "?" }.dropFirst("/api".count)
        if rest.hasPrefix("/v") {
            let version = rest.dropFirst(2).prefix { $0 != "/" }
            guard version == "10" || version == "9" else { return nil }
            rest = rest.dropFirst(2 + version.count)
        }
        return rest
    }

    private static func resource(_ parameters: [String: String]) -> String {
        for name in ["channel_id", "guild_id", "webhook_id"] {
            if let value = parameters[name] { return value }
        }
        return ""
    }

    private static func query(of path: String) -> [String: [String]] {
        guard let mark = path.firstIndex(of: "?") else { return [:] }
        var result: [String: [String]] = [:]
        for pair in path[path.index(after: mark)...].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = sides.count > 1 ? String(sides[1].map { $0 == "+" ? " " : $0 }) : ""
            result[PercentCoding.decode(sides[0]), default: []].append(PercentCoding.decode(value))
        }
        return result
    }

    private static func body(of request: Request) async throws(DiscordError) -> [UInt8] {
        do {
            let buffer = try await request.body.collect(upTo: bodyLimit)
            return Array(buffer.readableBytesView)
        } catch {
            throw DiscordError(status: 413, code: 40005, message: "Request entity too large")
        }
    }

    static func read(
        _ bytes: [UInt8],
        _ contentType: String
    ) throws(DiscordError) -> (JSONValue, [MessageDraft.Upload]) {
        guard !bytes.isEmpty else { return ([:], []) }
        if contentType.lowercased().hasPrefix("multipart/form-data") {
            guard let form = MultipartBody(contentType: contentType, body: bytes) else { throw .unreadableBody }
            guard let payload = form.payload else { return ([:], form.uploads) }
            guard let body = JSONValue(parsing: payload) else { throw .unreadableBody }
            return (body, form.uploads)
        }
        guard contentType.lowercased().hasPrefix("application/json") else {
            throw .invalidForm(
                ["_"],
                "CONTENT_TYPE_INVALID",
                "Expected \"Content-Type\" header to be one of {'application/json'}."
            )
        }
        guard let body = JSONValue(parsing: bytes) else { throw .unreadableBody }
        return (body, [])
    }
}
