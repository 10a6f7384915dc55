import DiscordModel
import Testing

@testable import Simulation

@Suite("Which thing meets which fault")
struct FaultBookTests {
    private typealias Book = FaultBook<RESTFaultKind>

    private let rainbow = FaultedBot(id: UserID(rawValue: 1), name: "rainbow")

    private func book(_ orders: FaultOrder...) throws -> Book {
        var book = Book()
        for order in orders { try book.add(order, at: 0) }
        return book
    }

    private func take(_ book: inout Book, bot: UInt64? = nil, at now: EpochMilliseconds = 0) -> RESTFaultKind? {
        book.take(Set(RESTFaultKind.allCases), bot: bot.map { UserID(rawValue: $0) }, at: now, "a call")?.kind
    }

    @Test("a fault meets as many things as it was ordered for, then the next one does")
    func count() throws {
        var book = try book(FaultOrder("502", count: 2), FaultOrder("429"))
        #expect((0..<4).map { _ in take(&book) } == [.status502, .status502, .bucketLimit, nil])
        #expect(book.report(at: 0).active.isEmpty)
        let past = book.report(at: 0).past
        #expect(past.map { $0["done"]?.integerValue } == [2, 1])
        #expect(past.first?["did"]?.arrayValue?.count == 2)
    }

    @Test("a fault that lasts meets everything in its time, and nothing after it")
    func lifetime() throws {
        var book = try book(FaultOrder("503", milliseconds: 100))
        #expect((0..<5).allSatisfy { _ in take(&book, at: 99) == .status503 })
        #expect(take(&book, at: 100) == nil)
        var both = try self.book(FaultOrder("503", count: 1, milliseconds: 100))
        #expect([take(&both, at: 1), take(&both, at: 1)] == [.status503, nil])
    }

    @Test("a fault that is aimed at a bot lets the others be, and those whose bot is not known")
    func bot() throws {
        var book = try book(FaultOrder("500", bot: rainbow), FaultOrder("504"))
        #expect(take(&book, bot: 2) == .status504)
        #expect(take(&book, bot: nil) == nil)
        #expect(take(&book, bot: 1) == .status500)
    }

    @Test("a route is a method, or a method and a template")
    func route() throws {
        var order = FaultOrder("500", count: 9)
        order.route = "POST /channels/{channel_id}/messages"
        let routes = RESTRoutes.channels + RESTRoutes.messages
        let met = routes.filter { RESTFaultKind.includes(order.route, $0) }
        #expect(met.map(\.name) == ["POST /channels/{channel_id}/messages"])
        #expect(routes.filter { RESTFaultKind.includes("DELETE", $0) }.allSatisfy { $0.method == .delete })
        #expect(RESTRoutes.table.hasRoute(named: "POST /channels/{channel_id}/messages"))
        #expect(!RESTRoutes.table.hasRoute(named: "POST /cheese"))
    }

    @Test("a seed lets some things be, the same ones each time")
    func seed() throws {
        func pattern(_ seed: UInt64) throws -> [Bool] {
            var order = FaultOrder("500", count: 100)
            order.seed = seed
            var book = try book(order)
            return (0..<40).map { _ in take(&book) != nil }
        }
        #expect(try pattern(1) == pattern(1))
        #expect(try pattern(1) != pattern(2))
        #expect(try Set(pattern(1)) == [true, false])
    }

    @Test("a strike that finds nobody waits for somebody; the next comes an interval later")
    func strikes() throws {
        var book = FaultBook<GatewayFaultKind>()
        try book.add(FaultOrder("reconnect", count: 2, milliseconds: 50), at: 0)
        #expect(book.dueStrikes(at: 500).count == 1)
        let id = try #require(book.dueStrikes(at: 500).first?.id)
        book.struck(id, "a connection", at: 500)
        #expect(book.dueStrikes(at: 549).isEmpty)
        #expect(book.dueStrikes(at: 550).count == 1)
        book.struck(id, "a connection", at: 550)
        #expect(book.dueStrikes(at: 10_000).isEmpty && !book.hasStrikes)
    }

    @Test("ends: one, all, and no more than the book holds")
    func ends() throws {
        var book = Book()
        let first = try book.add(FaultOrder("500", count: 3), at: 0)
        try book.add(FaultOrder("502", count: 3), at: 0)
        #expect(book.end(first) && !book.end(first) && !book.end("gateway-1"))
        #expect(take(&book) == .status502)
        book.clear()
        #expect(take(&book) == nil)
        for _ in 0..<Book.limit { try book.add(FaultOrder("500"), at: 0) }
        #expect(throws: FaultRefused.self) { try book.add(FaultOrder("500"), at: 0) }
    }

    @Test(
        "an order that is wrong is told by its field, with what it may be",
        arguments: [
            (["target": "moon", "kind": "drop"], "target: \"moon\" is not one of rest, gateway, lavalink, llm"),
            (["kind": "drop"], "target is missing; it is one of rest, gateway, lavalink, llm"),
            (["target": "rest"], "kind is missing"),
            (["target": "rest", "kind": "drop", "count": 0], "count: 0 is not a whole number from 1 to 100000"),
            (["target": "rest", "kind": "drop", "count": "2"], "count: \"2\" is not a whole number from 1 to 100000"),
            (["target": "rest", "kind": "429", "ms": -1], "ms: -1 is not a whole number from 0 to 600000"),
            (["target": "rest", "kind": "429", "ms": 1.5], "ms: 1.5 is not a whole number from 0 to 600000"),
            (["target": "rest", "kind": "429", "bot": "nobody"], "bot: \"nobody\" is not a bot here"),
            (["target": "rest", "kind": "429", "bot": "alice"], "bot: \"alice\" is not a bot here"),
            (["target": "rest", "kind": "429", "bot": 5], "bot: 5 is not a text"),
            (["target": "rest", "kind": "429", "cuont": 5], "cuont: no such field"),
            (["target": "rest", "kind": "429", "code": 5], "code: rest's 429 has none"),
            (["target": "gateway", "kind": "close", "code": 5], "code: 5 is not a whole number from 1000 to 4999"),
            (["target": "gateway", "kind": "no-hello", "bot": "rainbow"], "bot: gateway's no-hello is not aimed"),
            (["target": "gateway", "kind": "drop", "route": "GET"], "route: gateway's drop is not aimed"),
            (["target": "rest", "kind": "500", "route": "GET /cheese"], "route: \"GET /cheese\" is not a method"),
            (
                ["target": "gateway", "kind": "500"],
                "kind: \"500\" is not one of gateway's: reconnect, invalid-session"
            ),
            (["target": "llm", "kind": "explode"], "kind: \"explode\" is not one of llm's: 401, 429"),
        ] as [(JSONValue, String)]
    )
    func refusals(order: JSONValue, text: String) async throws {
        let discord = SimulatedDiscord(configuration: .unlimited)
        discord.takeOrders(for: [LanguageModelDouble()])
        try discord.withWorld { world throws(DiscordError) in _ = world.application(token: "playground.rainbow") }
        let error = await #expect(throws: DiscordError.self) {
            _ = try await ControlServer(discord: discord).addFault(order)
        }
        #expect(error?.text.hasPrefix(text) == true, "\(error?.text ?? "")")
    }

    @Test("older names still name their kinds, and every kind has one name")
    func names() {
        #expect(GatewayFaultKind.named("invalidSession") == .invalidSession)
        #expect(RESTFaultKind.named("5xx") == .status500)
        #expect(LavalinkFaultKind.named("voiceClosed") == .voiceClosed)
        #expect(ModelFault.Kind.named("rate-limited") == .rateLimited)
        func names<Kind: FaultKind>(_ kind: Kind.Type) -> [String] {
            Kind.allCases.flatMap { [$0.rawValue] + $0.traits.aliases }
        }
        for all in [
            names(RESTFaultKind.self), names(GatewayFaultKind.self), names(LavalinkFaultKind.self),
            names(ModelFault.Kind.self),
        ] {
            #expect(Set(all).count == all.count)
        }
    }
}
