import AsyncHTTPClient
import DiscordModel
import Logging
import NIOHTTP1
import ServiceKit
import Synchronization
import Testing

@testable import DiscordREST

@Suite("REST executor", .timeLimit(.minutes(1)))
struct BotRESTTests {
    private func with<Result>(
        _ answers: [ScriptedHTTP.Answer],
        ceiling: Int = 5000,
        retries: Int = 4,
        onUnauthorized: @escaping @Sendable () -> Void = {},
        _ body: (BotREST, ScriptedHTTP) async throws -> Result
    ) async throws -> Result {
        try await ScriptedHTTP.with(answers) { server in
            let http = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup)
            var configuration = RESTConfiguration()
            configuration.baseURL = "http://127.0.0.1:\(server.port)/api/v10"
            configuration.maximumRetries = retries
            let rest = BotREST(
                configuration: configuration,
                token: "t0ken",
                http: http,
                invalidRequests: InvalidRequestGuard(ceiling: ceiling),
                metrics: RESTMetrics(
                    registry: MetricsRegistry(instance: ServiceInstance(service: .gateway)),
                    bot: "iris"
                ),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                onUnauthorized: onUnauthorized
            )
            do {
                let result = try await body(rest, server)
                try await http.shutdown()
                return result
            } catch {
                try? await http.shutdown()
                throw error
            }
        }
    }

    private func failure(_ rest: BotREST, _ request: DiscordRequest) async -> DiscordRESTError? {
        do {
            _ = try await rest.execute(request)
            return nil
        } catch {
            return error as? DiscordRESTError
        }
    }

    @Test("A request goes out with token, agent, reason, query and body; the answer comes back")
    func request() async throws {
        try await with([.init(status: 200, body: #"{"id":"9"}"#)]) { rest, server in
            let response = try await rest.execute(
                DiscordRequest(
                    .put,
                    "/guilds/1/bans/2",
                    query: [("with counts", "a&b")],
                    body: .json(Array(#"{"x":1}"#.utf8)),
                    lane: .moderation,
                    auditReason: "спам"
                )
            )
            #expect(String(decoding: response.body, as: UTF8.self) == #"{"id":"9"}"#)
            let request = try #require(server.requests.first)
            #expect(request.method == "PUT")
            #expect(request.uri == "/api/v10/guilds/1/bans/2?with%20counts=a%26b")
            #expect(request.headers["Authorization"] == ["Bot t0ken"])
            #expect(request.headers["User-Agent"].first?.hasPrefix("DiscordBot (") == true)
            #expect(request.headers["X-Audit-Log-Reason"] == ["%D1%81%D0%BF%D0%B0%D0%BC"])
            #expect(request.headers["Content-Type"] == ["application/json"])
            #expect(request.body == #"{"x":1}"#)
        }
    }

    @Test("The bot's token never goes with an interaction's")
    func exempt() async throws {
        try await with([.init(status: 204, body: "")]) { rest, server in
            _ = try await rest.execute(DiscordRequest(.post, "/interactions/1/tok/callback", lane: .interaction))
            #expect(server.requests.first?.headers.contains(name: "Authorization") == false)
        }
    }

    @Test("Discord's refusal arrives typed and is not repeated", arguments: [400, 403, 404])
    func refused(status: Int) async throws {
        try await with([.init(status: status, body: #"{"code":10008,"message":"Unknown Message"}"#)]) { rest, server in
            let error = await failure(rest, DiscordRequest(.delete, "/channels/1/messages/2"))
            #expect(error?.code == .refused)
            #expect(error?.status == status)
            #expect(error?.discordCode == 10008)
            #expect(error?.message == "Unknown Message")
            #expect(server.requests.count == 1)
        }
    }

    @Test("Garbage for a body of an error is still that error", arguments: ["", "<html>", "[]", #"{"code":"x"}"#])
    func garbage(body: String) async throws {
        try await with([.init(status: 400, body: body)]) { rest, _ in
            let error = await failure(rest, DiscordRequest(.get, "/users/@me"))
            #expect(error?.code == .refused)
            #expect(error?.status == 400)
        }
    }

    @Test("429: waits as long as Discord says, then the request succeeds; it is never given up as failed")
    func rateLimited() async throws {
        let limited = ScriptedHTTP.Answer(
            status: 429,
            headers: [("X-RateLimit-Scope", "user"), ("X-RateLimit-Bucket", "b")],
            body: #"{"message":"limited","retry_after":0.2,"global":false}"#
        )
        try await with([limited]) { rest, server in
            let start = ContinuousClock.now
            _ = try await rest.execute(DiscordRequest(.post, "/channels/1/messages"))
            #expect(ContinuousClock.now - start >= .milliseconds(200))
            #expect(server.requests.count == 2)
        }
    }

    @Test("429 past the request's time: rateLimited, at its deadline")
    func tooLate() async throws {
        let limited = ScriptedHTTP.Answer(status: 429, body: #"{"retry_after":60}"#)
        try await with([limited]) { rest, server in
            let error = await failure(rest, DiscordRequest(.post, "/channels/1/messages", timeout: .milliseconds(300)))
            #expect(error?.code == .rateLimited)
            #expect(server.requests.count == 1)
        }
    }

    @Test("401 stops the bot: one call tells, nothing more is sent")
    func unauthorized() async throws {
        let calls = Mutex(0)
        let count: @Sendable () -> Void = { calls.withLock { $0 += 1 } }
        try await with([.init(status: 401)], onUnauthorized: count) { rest, server in
            for _ in 0..<3 {
                let error = await failure(rest, DiscordRequest(.get, "/users/@me"))
                #expect(error?.code == .unauthorized)
            }
            #expect(server.requests.count == 1)
            // An interaction's token is another one.
            _ = try await rest.execute(DiscordRequest(.post, "/interactions/1/tok/callback"))
        }
        #expect(calls.withLock { $0 } == 1)
    }

    @Test("A fault of Discord's is tried again only where that does no harm")
    func faults() async throws {
        let fault = ScriptedHTTP.Answer(status: 502, body: "<html>")
        try await with([fault, fault]) { rest, server in
            _ = try await rest.execute(DiscordRequest(.delete, "/channels/1/messages/2"))
            #expect(server.requests.count == 3)
        }
        try await with([fault]) { rest, server in
            _ = try await rest.execute(DiscordRequest(.post, "/channels/1/messages", safety: .nonce))
            #expect(server.requests.count == 2)
        }
        try await with([fault]) { rest, server in
            let error = await failure(rest, DiscordRequest(.post, "/channels/1/messages"))
            #expect(error?.code == .outcomeUnknown)
            #expect(server.requests.count == 1)
        }
        try await with([fault, fault, fault], retries: 2) { rest, server in
            let error = await failure(rest, DiscordRequest(.get, "/users/@me"))
            #expect(error?.status == 502)
            #expect(server.requests.count == 3)
        }
    }

    @Test("A connection lost after sending leaves the outcome unknown, unless sending twice does no harm")
    func lost() async throws {
        let dropped = ScriptedHTTP.Answer(status: 0, drops: true)
        try await with([dropped]) { rest, server in
            let error = await failure(rest, DiscordRequest(.post, "/channels/1/messages"))
            #expect(error?.code == .outcomeUnknown)
            #expect(server.requests.count == 1)
        }
        try await with([dropped]) { rest, server in
            _ = try await rest.execute(DiscordRequest(.put, "/guilds/1/bans/2"))
            #expect(server.requests.count == 2)
        }
    }

    @Test("Nobody listening: unreachable, whatever the request")
    func unreachable() async throws {
        try await with([], retries: 1) { rest, server in
            let error = await failure(rest, DiscordRequest(.post, "/channels/1/messages", timeout: .seconds(2)))
            #expect(error == nil)
            _ = server
        }
        let http = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup)
        var configuration = RESTConfiguration()
        configuration.baseURL = "http://127.0.0.1:1"
        configuration.maximumRetries = 0
        configuration.requestTimeout = .milliseconds(500)
        let rest = BotREST(
            configuration: configuration,
            token: "x",
            http: http,
            invalidRequests: InvalidRequestGuard(),
            metrics: RESTMetrics(registry: MetricsRegistry(instance: ServiceInstance(service: .gateway)), bot: "iris"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let error = await failure(rest, DiscordRequest(.get, "/users/@me"))
        try await http.shutdown()
        #expect(error?.code == .unreachable || error?.code == .outcomeUnknown)
    }

    @Test("Too many refusals suspend all sending before Discord bans the address; shared 429s do not count")
    func suspended() async throws {
        let shared = ScriptedHTTP.Answer(
            status: 429,
            headers: [("X-RateLimit-Scope", "shared")],
            body: #"{"retry_after":0.01}"#
        )
        let forbidden = ScriptedHTTP.Answer(status: 403)
        try await with([shared, shared, forbidden, forbidden], ceiling: 2) { rest, server in
            #expect(await failure(rest, DiscordRequest(.get, "/guilds/1"))?.code == .refused)
            #expect(await failure(rest, DiscordRequest(.get, "/guilds/1"))?.code == .refused)
            #expect(await failure(rest, DiscordRequest(.get, "/guilds/1"))?.code == .suspended)
            #expect(server.requests.count == 4)
        }
    }

    @Test("A cosmetic flood does not delay a ban")
    func lanes() async throws {
        let headers = [
            ("X-RateLimit-Bucket", "m"), ("X-RateLimit-Limit", "4"), ("X-RateLimit-Remaining", "3"),
            ("X-RateLimit-Reset-After", "30"),
        ]
        let answers = (0..<4).map { index in
            ScriptedHTTP.Answer(
                status: 200,
                headers: headers.map { $0.0 == "X-RateLimit-Remaining" ? ($0.0, String(3 - index)) : $0 }
            )
        }
        try await with(answers) { rest, server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        _ = try? await rest.execute(
                            DiscordRequest(.patch, "/guilds/1/members/5", lane: .cosmetic, timeout: .seconds(20))
                        )
                    }
                }
                while server.requests.count < 2 { await Task.yield() }
                _ = try await rest.execute(
                    DiscordRequest(.patch, "/guilds/1/members/6", lane: .moderation, timeout: .seconds(5))
                )
                #expect(server.requests.count == 3)
                group.cancelAll()
            }
        }
    }
}
