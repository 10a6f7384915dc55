import AdminAPICore
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Store
import Synchronization
import Testing

@Suite struct EndpointTests {
    private let backend = FakeBackend()

    private struct Reply {
        let status: Int
        let body: String
        let type: String
        let allow: String
    }

    /// Calls the API with one of the two keys that exist: `full` and `look`.
    private func call(
        _ method: HTTPRequest.Method,
        _ path: String,
        key: String? = "full",
        body: String? = nil
    ) async throws -> Reply {
        let checker = KeyChecker { text in
            switch text {
            case "full": APIKey(name: "operator", scopes: ["read", "control"])
            case "look": APIKey(name: "viewer", scopes: ["read"])
            default: nil
            }
        }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let router = try AdminRouter(backend: backend, keys: checker, logger: logger).router()
        return try await Application(router: router).test(.router) { client in
            var headers = HTTPFields()
            if let key, let name = HTTPField.Name("X-API-Key") { headers[name] = key }
            return try await client.execute(
                uri: path,
                method: method,
                headers: headers,
                body: body.map { ByteBuffer(string: $0) }
            ) { response in
                Reply(
                    status: response.status.code,
                    body: String(buffer: response.body),
                    type: response.headers[.contentType] ?? "",
                    allow: response.headers[.allow] ?? ""
                )
            }
        }
    }

    @Test(arguments: [
        "/api/status", "/api/bots", "/api/bots/iris", "/api/guilds", "/api/guilds/77", "/api/cases", "/api/players",
        "/api/live",
    ])
    func nothingIsShownWithoutAKey(path: String) async throws {
        for key in [nil, "", "wrong", String(repeating: "x", count: 5000)] {
            let reply = try await call(.get, path, key: key)
            #expect(reply.status == 401)
            #expect(reply.body.contains("\"place\":\"X-API-Key\""))
        }
        #expect(try await call(.get, path, key: "look").status == 200)
    }

    @Test(arguments: ["start", "stop", "restart"])
    func aBotIsControlledByWhoMay(action: String) async throws {
        let refused = try await call(.post, "/api/bots/iris/\(action)", key: "look")
        #expect(refused.status == 403)
        #expect(backend.controlled.withLock { $0 }.isEmpty)
        let reply = try await call(.post, "/api/bots/iris/\(action)")
        #expect(reply.status == 200)
        #expect(reply.body.contains("\"state\":\"connecting\""))
        #expect(backend.controlled.withLock { $0 } == ["operator \(action) iris"])
        #expect(try await call(.post, "/api/bots/nobody/\(action)").status == 404)
        #expect(try await call(.post, "/api/bots/NOT%20A%20BOT/\(action)").status == 400)
    }

    @Test func aBotIsAddedByWhereItsTokenIs() async throws {
        let body = #"{"bot":"nova","tokenRef":"file:nova"}"#
        #expect(try await call(.post, "/api/bots", key: "look", body: body).status == 403)
        #expect(try await call(.post, "/api/bots", key: nil, body: body).status == 401)
        #expect(backend.controlled.withLock { $0 }.isEmpty)
        let reply = try await call(.post, "/api/bots", body: body)
        #expect(reply.status == 200 && reply.body.contains(#""bot":"nova""#), "\(reply.body)")
        _ = try await call(.post, "/api/bots", body: #"{"bot":"vega","tokenRef":"DISCORD_TOKEN_VEGA","more":1}"#)
        #expect(
            backend.controlled.withLock { $0 }
                == ["operator add nova file:nova", "operator add vega DISCORD_TOKEN_VEGA"]
        )
        let taken = try await call(.post, "/api/bots", body: #"{"bot":"iris","tokenRef":"file:iris"}"#)
        #expect(taken.status == 409 && taken.body.contains("config/fleet.yaml"), "\(taken.body)")
    }

    @Test(arguments: [
        ("", "bot"), ("{}", "bot"), (#"{"bot":7,"tokenRef":"file:a"}"#, "bot"),
        (#"{"bot":"No Bot","tokenRef":"file:a"}"#, "bot"), (#"{"bot":"nova"}"#, "tokenRef"),
        (#"{"bot":"nova","tokenRef":["file:a"]}"#, "tokenRef"),
        (#"{"bot":"nova","tokenRef":"MTIzNDU2.secret.token"}"#, "tokenRef"),
        (#"{"bot":"nova","tokenRef":"DATABASE_URL"}"#, "tokenRef"),
        (#"{"bot":"nova","tokenRef":"file:../.env"}"#, "tokenRef"),
    ])
    func aBotThatCannotBeAddedIsRefusedWithoutItsToken(body: String, place: String) async throws {
        let reply = try await call(.post, "/api/bots", body: body)
        #expect(reply.status == 400)
        #expect(reply.body.contains(#""place":"\#(place)""#), "\(reply.body)")
        #expect(!reply.body.contains("secret"))
        #expect(backend.controlled.withLock { $0 }.isEmpty)
    }

    @Test func aBotIsRemovedByWhoMay() async throws {
        #expect(try await call(.delete, "/api/bots/iris", key: "look").status == 403)
        #expect(try await call(.delete, "/api/bots/nobody").status == 404)
        #expect(backend.controlled.withLock { $0 }.isEmpty)
        let reply = try await call(.delete, "/api/bots/iris")
        #expect(reply.status == 200 && reply.body.contains(#""reason":"removed""#), "\(reply.body)")
        #expect(backend.controlled.withLock { $0 } == ["operator remove iris"])
    }

    @Test func theStatusTellsWhoIsSilent() async throws {
        let reply = try await call(.get, "/api/status")
        #expect(reply.body.contains("\"status\":\"degraded\""))
        #expect(reply.body.contains("\"status\":\"silent\""))
        #expect(
            reply.body.contains(
                #""gaps":[{"bot":"iris","from":1763700000000,"reason":"Discord has ended the session","to":1763700060500}]"#
            )
        )
        #expect(reply.body.contains("\"queueSizes\":{\"rest\":2}"))
        #expect(reply.body.contains("\"reason\":\"wrong token\""))
    }

    @Test func theStatusSurvivesTheGateway() async throws {
        backend.isGatewayDown.withLock { $0 = true }
        let status = try await call(.get, "/api/status")
        #expect(status.status == 200)
        #expect(status.body.contains("\"bots\":[]"))
        #expect(status.body.contains("\"missing\":{\"bots\":\"the gateway does not answer: "))
        let bots = try await call(.get, "/api/bots")
        #expect(bots.status == 503)
        #expect(bots.body.contains("the gateway does not answer"))
    }

    @Test func theStatusSurvivesTheDatabase() async throws {
        backend.isDatabaseDown.withLock { $0 = true }
        let status = try await call(.get, "/api/status")
        #expect(status.status == 200)
        #expect(status.body.contains("\"status\":\"degraded\""))
        #expect(
            status.body.contains(
                #""database":{"reason":"connection refused","since":1763700000000,"state":"down"}"#
            )
        )
        for part in ["gaps", "services"] {
            #expect(status.body.contains("\"\(part)\":\"the database does not answer: connection refused\""))
            #expect(status.body.contains("\"\(part)\":[]"))
        }
        #expect(status.body.contains("\"username\":\"Rainbow\""))
    }

    @Test func theStatusTellsWhatEachInstanceTakesAndServes() async throws {
        struct Status: Decodable {
            struct Service: Decodable, Equatable {
                let service: String
                let instance: String
                let type: String
                let load: Double
                let enabledCommands: [String]
                let enabledChannels: [String]
                let enabledGuilds: [String]
                let routes: [String]
            }
            let services: [Service]
        }
        let status = try JSONDecoder().decode(Status.self, from: Data(try await call(.get, "/api/status").body.utf8))
        let personas = status.services.filter { $0.service == "persona" }
        #expect(personas.map(\.type) == ["chat", "chat"] && personas.map(\.load) == [1.25, 0])
        #expect(personas.allSatisfy { $0.enabledCommands == ["ask"] && $0.enabledChannels == ["채팅방-*"] })
        #expect(personas.allSatisfy { $0.enabledGuilds == ["77"] })
        // The balanced one is full: the standby serves. One that is silent serves nothing, one of no route neither.
        #expect(personas.map(\.routes) == [[], ["load"]])
        #expect(status.services.filter { $0.service != "persona" }.allSatisfy { $0.routes.isEmpty && $0.type == "all" })
    }

    @Test func casesComeInPages() async throws {
        struct Page: Decodable {
            struct Item: Decodable { let number: Int }
            let items: [Item]
            let next: String?
        }
        var numbers: [Int] = []
        var query = "/api/cases?limit=2"
        while true {
            let page = try JSONDecoder().decode(Page.self, from: Data(try await call(.get, query).body.utf8))
            numbers += page.items.map(\.number)
            guard let next = page.next else { break }
            query = "/api/cases?limit=2&cursor=\(next)"
        }
        #expect(numbers == [5, 4, 3, 2, 1])
        let mine = try await call(.get, "/api/cases?user=1&guild=77")
        #expect(mine.body.contains("\"number\":5"))
        #expect(!mine.body.contains("\"number\":4"))
    }

    @Test(arguments: [
        ("/api/cases?limit=0", "limit"), ("/api/cases?limit=many", "limit"), ("/api/cases?guild=harbour", "guild"),
        ("/api/cases?cursor=x", "cursor"), ("/api/cases?limit=1&limit=2", "limit"), ("/api/guilds/x", "id"),
        ("/api/guilds/+7", "id"),
    ])
    func aWrongParameterIsNamed(path: String, place: String) async throws {
        let reply = try await call(.get, path)
        #expect(reply.status == 400)
        #expect(reply.body.contains("\"place\":\"\(place)\""), "\(reply.body)")
    }

    @Test func guildsAndPlayersAreListed() async throws {
        #expect(try await call(.get, "/api/guilds").body.contains("\"name\":\"Harbour\""))
        #expect(try await call(.get, "/api/guilds/77").status == 200)
        #expect(try await call(.get, "/api/guilds/78").status == 404)
        #expect(try await call(.get, "/api/players").body.contains("\"title\":\"Harbour Lights\""))
    }

    @Test func theLiveFeedSpeaksServerSentEvents() async throws {
        let reply = try await call(.get, "/api/live")
        #expect(reply.type.hasPrefix("text/event-stream"))
        #expect(reply.body.contains("event: case-opened\ndata: {\"number\":1}\n\nevent: player-changed\ndata: {}\n\n"))
    }

    @Test func thePageAndTheDocumentNeedNoKey() async throws {
        #expect(try await call(.get, "/", key: nil).body.contains("<title>Ensemble</title>"))
        let document = try await call(.get, "/api/openapi.json", key: nil)
        #expect(document.status == 200)
        for path in [
            "/api/status", "/api/bots", "/api/bots/{id}", "/api/bots/{id}/start", "/api/bots/{id}/stop",
            "/api/bots/{id}/restart", "/api/guilds", "/api/guilds/{id}", "/api/cases", "/api/players", "/api/live",
        ] {
            #expect(document.body.contains("\"\(path)\":"))
        }
        #expect(document.body.contains("\"openapi\":\"3.1.0\""))
    }

    @Test(arguments: [
        "{", "[1,2]", "\"text\"", "7", "{\"a\":1}}", "\u{0}", "{\"a\":\(String(repeating: "[", count: 3000))",
    ])
    func aBodyThatIsNoObjectIsRefused(body: String) async throws {
        let reply = try await call(.post, "/api/bots/iris/start", body: body)
        #expect(reply.status == 400)
        #expect(reply.body.contains("\"place\":\"body\""), "\(reply.body)")
        #expect(backend.controlled.withLock { $0 }.isEmpty)
    }

    @Test func aBodyThatIsTooLongIsRefused() async throws {
        let long = "{\"a\":\"\(String(repeating: "x", count: 64 << 10))\"}"
        let reply = try await call(.post, "/api/bots/iris/start", body: long)
        #expect(reply.status == 413)
        #expect(reply.body.contains("\"code\":\"too_long\""))
        #expect(backend.controlled.withLock { $0 }.isEmpty)
        // Without a key nobody's body is read at all.
        #expect(try await call(.post, "/api/bots/iris/start", key: nil, body: long).status == 401)
    }

    @Test(arguments: ["", "{}", "{\"unknown\":[1,{\"a\":null}]}"])
    func anObjectOrNothingIsTaken(body: String) async throws {
        #expect(try await call(.post, "/api/bots/iris/start", body: body).status == 200)
    }

    @Test func aPathThatIsNotThereAndAMethodThatIsNotServedAreTold() async throws {
        let unknown = try await call(.get, "/api/nothing")
        #expect(unknown.status == 404)
        #expect(unknown.body.contains("\"code\":\"not_found\""))
        let refused = try await call(.put, "/api/bots/iris")
        #expect(refused.status == 405)
        #expect(refused.allow == "DELETE, GET")
        #expect(refused.body.contains("PUT: expected DELETE, GET"))
    }
}
