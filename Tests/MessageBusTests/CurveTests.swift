import BusContract
import BusCore
import DiscordModel
import FoundationEssentials
import Logging
import MessageBus
import ServiceKit
import TestSupport
import Testing
import ZeroMQ

/// The bus over TCP: log-ins by key, and what becomes of everybody else, over real sockets.
@Suite(.timeLimit(.minutes(2))) struct CurveTests {
    private let roles: [ServiceRole] = [.gateway, .moderation, .music, .persona, .community]

    private func withBus(
        log: CapturedLog = CapturedLog(),
        _ body: (TestBus) async throws -> Void
    ) async throws {
        try await withCurveTestBus(roles: roles, logger: log.logger) { configuration in
            configuration.policy = AccessPolicy.contract.adding(
                topics: [.init(prefix: "test.", publisher: .gateway)],
                servers: [Add.typeName: Add.servers]
            )
        } _: {
            try await body($0)
        }
    }

    private func count(_ bus: TestBus, _ name: String, labels: [String: String] = [:]) -> Int {
        bus.metrics.counter(name, help: "", labels: labels).current
    }

    /// Events and requests get through, under the names that belong to the keys.
    private func expectAlive(_ bus: TestBus) async throws {
        try await bus.withConnection(.gateway) { gateway in
            try await bus.withConnection(.moderation) { moderation in
                try await moderation.withSubscription([TopicFilter("test.")]) { subscription in
                    #expect(await subscription.waitUntilOpen())
                    gateway.publish(OutgoingEvent(topic: Topic(rawValue: "test.a."), header: Header(), payload: [7]))
                    var iterator = subscription.makeAsyncIterator()
                    let event = try #require(await iterator.next()?.first)
                    #expect(Array(event.payload) == [7])
                }
                try await withBackground {
                    try await gateway.serve(Add.self) { request, context in
                        Sum(value: context.caller == .moderation ? request.left : -1)
                    }
                } body: {
                    let sum = try await moderation.request(Add(left: 4, right: 0), timeout: .seconds(20))
                    #expect(sum.value == 4)
                }
            }
        }
    }

    @Test func aKeyGivesTheServicesName() async throws {
        try await withBus { bus in
            try await expectAlive(bus)
            // Three sockets of each connection, and one for each subscription.
            #expect(count(bus, "bus_switch_logins_total") >= 5)
            #expect(count(bus, "bus_switch_logins_refused_total") == 0)
            #expect(count(bus, "bus_switch_handshakes_failed_total") == 0)
        }
    }

    @Test func aKnownKeyMayDoNoMoreThanItsService() async throws {
        try await withBus { bus in
            try await bus.withConnection(.music) { music in
                try await bus.withConnection(.persona) { persona in
                    try await persona.withSubscription([.all]) { subscription in
                        #expect(await subscription.waitUntilOpen())
                        for topic in ["discord.iris.0.MESSAGE_CREATE.", "head.iris.0.", "test.x.", "y."] {
                            music.publish(OutgoingEvent(topic: Topic(rawValue: topic), header: Header(), payload: []))
                        }
                        try await eventually("all four are refused") {
                            count(bus, "bus_switch_events_refused_total") == 4
                        }
                    }
                    #expect(count(bus, "bus_switch_events_total") == 0)
                    // Moving a bot to a voice channel is for the bridge to ask.
                    let unasked = await #expect(throws: BusError.self) {
                        _ = try await music.request(
                            UpdateVoiceState(
                                bot: try #require(BotID(rawValue: "iris")),
                                guild: GuildID(1),
                                channel: nil
                            ),
                            timeout: .seconds(20)
                        )
                    }
                    #expect(unasked?.code == .refused, "\(String(describing: unasked))")
                    try await withBackground {
                        try await persona.serve(Add.self) { _, _ in Sum(value: 0) }
                    } body: {
                        try await eventually("serving is refused") {
                            count(bus, "bus_switch_broker_notes_total", labels: ["kind": "permission"]) >= 2
                        }
                        let error = await #expect(throws: BusError.self) {
                            _ = try await music.request(Add(left: 1, right: 1), timeout: .seconds(1))
                        }
                        #expect(error?.code == .noWorker)
                    }
                }
            }
        }
    }

    @Test func anUnknownKeyIsRefusedAndNamed() async throws {
        let log = CapturedLog()
        try await withBus(log: log) { bus in
            let stranger = try CurveKeyPair.make()
            var impostor = bus
            impostor.keys[.gateway] = stranger
            let own = CapturedLog()
            try await impostor.withConnection(.gateway, logger: own.logger) { connection in
                let error = await #expect(throws: BusError.self) {
                    _ = try await connection.request(QueryGuild(guild: GuildID(1)), timeout: .seconds(3))
                }
                #expect(error?.code == .timeout)
                #expect(error?.message.contains("cannot log in") == true, "\(String(describing: error))")
                try await connection.withSubscription([.all]) { subscription in
                    let isOpen = await subscription.waitUntilOpen(timeout: .milliseconds(500))
                    #expect(!isOpen)
                }
                #expect(
                    !connection.publish(
                        OutgoingEvent(topic: Topic(rawValue: "test.a."), header: Header(), payload: [])
                    ) || count(bus, "bus_switch_events_total") == 0
                )
            }
            #expect(own.contains("error cannot log in to the bus", "gateway.key", stranger.publicKey.z85))
            #expect(
                log.contains("warning a log-in to the bus was refused", stranger.publicKey.z85, "address=127.0.0.1")
            )
            #expect(count(bus, "bus_switch_logins_refused_total") >= 2)
            #expect(count(bus, "bus_switch_events_total") == 0)
            // Each socket's refusals are told once in ten seconds.
            #expect(log.lines.count { $0.contains("was refused") } <= 3)
            try await expectAlive(bus)
        }
    }

    @Test func strangersWithManyKeysShareOneRateOfLines() async throws {
        let log = CapturedLog()
        var logins = LoginLog(logger: log.logger)
        let version = Array("1.0".utf8)
        for number in 0..<1000 {
            let key = (0..<32).map { UInt8(truncatingIfNeeded: number >> ($0 % 4 * 8)) }
            let frames = [version, [1], Array("requests".utf8), Array("10.0.0.9".utf8), [], Array("CURVE".utf8), key]
            logins.refused(try #require(ZAPRequest(frames: frames)), why: "unknown", now: .now)
        }
        #expect(log.lines.count == 65)
    }

    @Test func aServiceWhoseKeyIsEnteredLaterLogsInByItself() async throws {
        try await withBus { bus in
            var before = bus
            before.configuration.endpoints = .tcp(host: "127.0.0.1", port: try FreePorts.first(of: 3))
            before.configuration.keys = ServerKeys(
                own: try #require(bus.configuration.keys?.own),
                clients: [.moderation: try #require(bus.keys[.moderation]).publicKey]
            )
            var after = before
            after.configuration.keys = bus.configuration.keys
            var client = before.configuration(.gateway)
            client = BusConfiguration(
                endpoints: before.configuration.endpoints,
                role: .gateway,
                login: .keys(
                    try #require(bus.keys[.gateway]),
                    server: try #require(bus.configuration.keys?.own.publicKey)
                )
            )
            client.loginPatience = .milliseconds(100)
            let connection = try BusConnection(
                configuration: client,
                instance: ServiceInstance(service: .gateway),
                logger: Logger(label: "test"),
                metrics: MetricsRegistry(instance: ServiceInstance(service: .gateway))
            )
            try await withBackground {
                try await connection.run()
            } body: {
                try await connection.withSubscription([TopicFilter("test.")]) { subscription in
                    try await withSwitchboard(before) {
                        try await eventually("all three sockets are refused") {
                            count(before, "bus_switch_logins_refused_total") >= 3
                        }
                    }
                    try await withSwitchboard(after) {
                        #expect(await subscription.waitUntilOpen(timeout: .seconds(20)))
                        try await eventually("an event goes round") {
                            connection.publish(
                                OutgoingEvent(topic: Topic(rawValue: "test.a."), header: Header(), payload: [7])
                            )
                            return count(after, "bus_switch_events_total") > 0
                        }
                        let error = await #expect(throws: BusError.self) {
                            _ = try await connection.request(Add(left: 1, right: 1), timeout: .seconds(1))
                        }
                        #expect(error?.code == .noWorker)
                    }
                }
            }
        }
    }

    @Test func aWrongServerKeyIsTold() async throws {
        let log = CapturedLog()
        try await withBus(log: log) { bus in
            let configuration = BusConfiguration(
                endpoints: bus.endpoints,
                role: .gateway,
                login: .keys(try #require(bus.keys[.gateway]), server: try CurveKeyPair.make().publicKey)
            )
            let own = CapturedLog()
            try await bus.withConnection(
                .gateway,
                configure: {
                    $0 = configuration
                    $0.loginPatience = .milliseconds(500)
                },
                logger: own.logger
            ) { connection in
                let start = ContinuousClock.now
                let error = await #expect(throws: BusError.self) {
                    _ = try await connection.request(QueryGuild(guild: GuildID(1)), timeout: .seconds(3))
                }
                #expect(start.duration(to: .now) < .seconds(10))
                #expect(error?.code == .timeout)
                #expect(error?.message.contains("cannot log in") == true, "\(String(describing: error))")
            }
            #expect(own.contains("error cannot log in to the bus", "BUS_SERVER_KEY", bus.endpoints.requests))
            try await eventually("the bus counts them") { count(bus, "bus_switch_handshakes_failed_total") > 0 }
            #expect(log.contains("another server key"))
            #expect(count(bus, "bus_switch_logins_total") == 0)
            try await expectAlive(bus)
        }
    }

    @Test func whereNobodyListensThatIsTold() async throws {
        let log = CapturedLog()
        let keys = try CurveKeyPair.make()
        let endpoints = BusEndpoints.tcp(host: "127.0.0.1", port: try FreePorts.first(of: 3))
        var configuration = BusConfiguration(
            endpoints: endpoints,
            role: .gateway,
            login: .keys(keys, server: keys.publicKey)
        )
        configuration.loginPatience = .milliseconds(200)
        let connection = try BusConnection(
            configuration: configuration,
            instance: ServiceInstance(service: .gateway),
            logger: log.logger,
            metrics: MetricsRegistry(instance: ServiceInstance(service: .gateway))
        )
        try await withBackground {
            try await connection.run()
        } body: {
            try await eventually("it is told") { log.contains("nothing answers there", endpoints.requests) }
        }
    }

    @Test(arguments: [SocketSecurity.none, .plainClient(user: "gateway", password: "none")])
    func withoutCurveNobodyIsHeard(security: SocketSecurity) async throws {
        try await withBus { bus in
            let dealer = try RawPeer(.dealer, bus.endpoints.requests, security: security)
            var hello = Envelope(.hello)
            hello.client = 5
            try await dealer.send(hello)
            let publisher = try RawPeer(.publish, bus.endpoints.eventsIn, security: security)
            let subscriber = try RawPeer(.subscribe, bus.endpoints.eventsOut, security: security)
            try subscriber.socket.subscribe(to: [])
            try await eventually("all three are turned away") {
                try await publisher.send([Array("test.a.".utf8), Header().encoded, [1]])
                return count(bus, "bus_switch_handshakes_failed_total") >= 3
            }
            try await expectAlive(bus)
            let frame = Frame()
            #expect(try !dealer.socket.receive(into: frame))
            #expect(try !subscriber.socket.receive(into: frame))
            #expect(count(bus, "bus_switch_events_total") == 1)
        }
    }

    @Test func withoutKeysThereIsNoTCP() throws {
        let endpoints = BusEndpoints.tcp(host: "127.0.0.1", port: 5570)
        let registry = MetricsRegistry(instance: ServiceInstance(service: .gateway))
        let client = #expect(throws: ConfigurationError.self) {
            _ = try BusConnection(
                configuration: BusConfiguration(endpoints: endpoints, role: .gateway, secret: "right"),
                instance: ServiceInstance(service: .gateway),
                logger: Logger(label: "test"),
                metrics: registry
            )
        }
        #expect(client == .keysNeeded)
        let server = #expect(throws: ConfigurationError.self) {
            _ = try Switchboard(
                configuration: SwitchboardConfiguration(endpoints: endpoints),
                logger: Logger(label: "test"),
                metrics: registry
            )
        }
        #expect(server == .keysNeeded)
    }
}
