import Hummingbird
import NIOCore

/// The REST API of Lavalink v4 (https://lavalink.dev/api/rest).
extension LavalinkDouble {
    static let version = "4.2.2"
    private static let bodyLimit = 1 << 20

    func addLavalinkRoutes(to router: SimulationRouter) {
        addNodeRoutes(to: router)
        addSessionRoutes(to: router)
        router.get("/artwork/:file") { _, context in
            let name = context.parameters.get("file") ?? ""
            let identifier = name.hasSuffix(".svg") ? String(name.dropLast(4)) : name
            return Response(
                status: .ok,
                headers: [.contentType: "image/svg+xml", .cacheControl: "public, max-age=86400"],
                body: .init(byteBuffer: ByteBuffer(string: CoverArt.svg(for: identifier)))
            )
        }
    }

    private func addNodeRoutes(to router: SimulationRouter) {
        router.get("/version") { request, context in
            try await self.answer(request, context) { _ in
                Response(
                    status: .ok,
                    headers: [.contentType: "text/plain;charset=UTF-8"],
                    body: .init(byteBuffer: ByteBuffer(string: Self.version))
                )
            }
        }
        router.get("/v4/info") { request, context in
            try await self.answer(request, context) { _ in Self.json(self.info) }
        }
        router.get("/v4/stats") { request, context in
            try await self.answer(request, context) { _ in Self.json(.object(self.withNode { $0.stats })) }
        }
        router.get("/v4/loadtracks") { request, context in
            try await self.answer(request, context) { _ in
                guard let identifier = Self.query(request, "identifier") else {
                    throw LavalinkError(400, "Required request parameter 'identifier' is not present")
                }
                if self.takeLoadError(identifier) {
                    return Self.json(Self.loadError("Failing on purpose"))
                }
                return Self.json(Self.loadResult(self.withNode { $0.catalogue.load(identifier) }))
            }
        }
        router.get("/v4/decodetrack") { request, context in
            try await self.answer(request, context) { _ in
                guard let encoded = Self.query(request, "encodedTrack") ?? Self.query(request, "track") else {
                    throw LavalinkError(400, "No track to decode provided")
                }
                return Self.json(try Self.decoded(encoded))
            }
        }
        router.post("/v4/decodetracks") { request, context in
            try await self.answer(request, context) { body in
                guard let tracks = body?.arrayValue else { throw LavalinkError(400, "Failed to read request") }
                guard !tracks.isEmpty else { throw LavalinkError(400, "No tracks to decode provided") }
                return Self.json(.array(try tracks.map { try Self.decoded($0.stringValue ?? "") }))
            }
        }
        router.get("/v4/routeplanner/status") { request, context in
            try await self.answer(request, context) { _ in Response(status: .noContent) }
        }
        for path in ["/v4/routeplanner/free/address", "/v4/routeplanner/free/all"] {
            router.post(RouterPath(path)) { request, context in
                try await self.answer(request, context) { _ in
                    throw LavalinkError(500, "Can't access disabled route planner")
                }
            }
        }
        // A handshake that was refused arrives here as a plain request.
        router.get("/v4/websocket") { request, context in
            try await self.answer(request, context) { _ in
                let user = HTTPFields.Element.Name("user-id").flatMap { request.headers[$0] }
                guard let user, let number = UInt64(user), number > 0 else {
                    throw LavalinkError(400, "User-Id header is missing or invalid")
                }
                throw LavalinkError(400, "Can \"Upgrade\" only to \"WebSocket\".")
            }
        }
    }

    private func addSessionRoutes(to router: SimulationRouter) {
        router.patch("/v4/sessions/:session") { request, context in
            try await self.answer(request, context) { body in
                Self.json(try self.withNode { try $0.configure(Self.parameter("session", context), body) })
            }
        }
        router.get("/v4/sessions/:session/players") { request, context in
            try await self.answer(request, context) { _ in
                Self.json(try self.withNode { try $0.players(of: Self.parameter("session", context)) })
            }
        }
        router.get("/v4/sessions/:session/players/:guild") { request, context in
            try await self.answer(request, context) { _ in
                let (session, guild) = Self.place(context)
                return Self.json(try self.withNode { try $0.player(guild, of: session) })
            }
        }
        router.patch("/v4/sessions/:session/players/:guild") { request, context in
            try await self.answer(request, context) { body in
                let (session, guild) = Self.place(context)
                let change = try PlayerChange(body, disabledFilters: self.withNode { $0.disabledFilters })
                let noReplace = Self.query(request, "noReplace") == "true"
                // Asked beforehand, so that no lock of ours is held while Discord's is taken.
                let accepted = self.withNode { $0.sessions[session]?.user }
                    .map { user in change.voice.map { self.acceptsVoice(user: user, guild: guild, $0) } ?? true }
                return Self.json(
                    try self.withNode { node throws(LavalinkError) in
                        try node.update(guild, of: session, change, noReplace: noReplace) { _, _ in accepted ?? false }
                    }
                )
            }
        }
        router.delete("/v4/sessions/:session/players/:guild") { request, context in
            try await self.answer(request, context) { _ in
                let (session, guild) = Self.place(context)
                try self.withNode { node throws(LavalinkError) in try node.destroy(guild, of: session) }
                return Response(status: .noContent)
            }
        }
    }

    // MARK: - Around every request

    /// Checks the password, lets faults act, reads the body, and writes errors in Lavalink's shape.
    private func answer(
        _ request: Request,
        _ context: SimulationContext,
        _ body: (JSONValue?) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            let meeting = meetFault(request.uri.path)
            if case .silence = meeting { throw await context.drop() }
            switch request.headers[.authorization] {
            case nil: throw LavalinkError.unauthorized
            case password: break
            default:
                // The handshake alone answers 401 to a wrong password.
                throw request.uri.path == "/v4/websocket" ? LavalinkError.unauthorized : .forbidden
            }
            switch meeting {
            case .wait(let delay): try await clock.sleep(for: delay)
            case .status(let status): throw LavalinkError(status, "Failing on purpose")
            case .nothing, .silence: break
            }
            let bytes = try await request.body.collect(upTo: Self.bodyLimit)
            response = try await body(JSONValue(parsing: bytes.readableBytesView))
        } catch let error as LavalinkError {
            response = Self.json(error.body(path: request.uri.path, now: now), status: error.status)
        }
        if let name = HTTPFields.Element.Name("Lavalink-Api-Version") { response.headers[name] = "4" }
        return response
    }

    private static func json(_ value: JSONValue, status: Int = 200) -> Response {
        Response(
            status: .init(code: status),
            headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: value.bytes))
        )
    }

    private static func parameter(_ name: String, _ context: SimulationContext) -> String {
        context.parameters.get(name) ?? ""
    }

    private static func place(_ context: SimulationContext) -> (session: String, guild: String) {
        (parameter("session", context), parameter("guild", context))
    }

    /// A parameter of the query, decoded as a form is: a plus sign is a space.
    private static func query(_ request: Request, _ name: String) -> String? {
        for pair in (request.uri.query ?? "").split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.first.map({ $0 == name }) ?? false else { continue }
            return FormText.decode(sides.count > 1 ? sides[1] : "")
        }
        return nil
    }
}
