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
            router.on("/api/**", method: method) { request, _ in try await respond(to: request) }
        }
    }

    private func respond(to request: Request) async throws -> Response {
        let started = ContinuousClock.now
        let fullPath = request.head.path ?? "/"
        let path = Self.apiPath(of: fullPath)
        let method = request.method.rawValue
        var exchange = Exchange(method: method, path: fullPath)
        do throws(DiscordError) {
            let application = try discord.perform { state throws(DiscordError) in
                Self.token(of: request).flatMap { state.world.application(token: $0) }
            }
            exchange.bot = application?.name ?? ""
            guard let (route, parameters) = try find(method, path, &exchange) else { throw .notFound }
            let bytes = try await Self.body(of: request)
            let answer = try await run(route, parameters, application, request, bytes, &exchange)
            return finish(exchange, answer.status, answer.body, since: started)
        } catch {
            return finish(exchange, error.status, error.body, since: started)
        }
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
        if route.needsToken, application == nil { throw .unauthorized }
        if let fault = try discord.perform({ state throws(DiscordError) in state.faults.next(for: exchange.bot) }) {
            try? await Task.sleep(for: fault.delay)
            if let status = fault.status {
                throw DiscordError(status: status, code: 0, message: "\(status): Internal Server Error")
            }
        }
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
        return try discord.perform { state throws(DiscordError) in try route.handler(&state, call) }
    }

    private func finish(
        _ exchange: Exchange,
        _ status: Int,
        _ body: JSONValue?,
        since started: ContinuousClock.Instant
    ) -> Response {
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
                    status: status,
                    milliseconds: milliseconds,
                    reason: exchange.reason,
                    requestBody: keeps ? exchange.requestBody : nil,
                    responseBody: keeps ? body : nil,
                    requestContentType: exchange.contentType
                )
            }
        }
        if let call { discord.feed.publish(WorldChange(kind: "call", payload: call.json(withBodies: false))) }
        // Discord stands behind a proxy; clients take a 429 without this header for a ban by the proxy.
        var headers: HTTPFields = [:]
        if let via = HTTPField.Name("Via") { headers[via] = "1.1 google" }
        for (name, value) in exchange.headers {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        guard let body else { return Response(status: .init(code: status), headers: headers) }
        headers[.contentType] = "application/json"
        return Response(
            status: .init(code: status),
            headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: body.bytes))
        )
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
