import BusContract
import BusCore
import DiscordModel
import MessageBus
import ServiceKit
import TestSupport
import Testing
import ZeroMQ

/// Garbage, forbidden messages and wrong secrets on every socket: counted, and everybody else goes on.
@Suite(.timeLimit(.minutes(1))) struct HostileTests {
    private let garbage: [[[UInt8]]] = [
        [[]], [[0xFF]], [[], []], [[1, 2, 3], [4]], [[0x0A, 0xFF, 0xFF], [], []],
        [Array("discord.iris.0.X.".utf8)], [[], [], [], [], []], [[UInt8](repeating: 0x0B, count: 5000), [], []],
    ]

    private func count(_ bus: TestBus, _ name: String, labels: [String: String] = [:]) -> Int {
        bus.metrics.counter(name, help: "", labels: labels).current
    }

    /// An event and a request still get through.
    private func expectAlive(_ bus: TestBus) async throws {
        try await bus.withConnection(.gateway) { gateway in
            try await bus.withConnection(.moderation) { moderation in
                try await moderation.withSubscription([TopicFilter("test.")]) { subscription in
                    #expect(await subscription.waitUntilOpen())
                    gateway.publish(
                        OutgoingEvent(topic: Topic(rawValue: "test.alive."), header: Header(), payload: [7])
                    )
                    var iterator = subscription.makeAsyncIterator()
                    let event = try #require(await iterator.next()?.first)
                    #expect(Array(event.payload) == [7])
                }
                try await withBackground {
                    try await gateway.serve(Add.self) { request, _ in Sum(value: request.left) }
                } body: {
                    let sum = try await moderation.request(Add(left: 4, right: 0), timeout: .seconds(20))
                    #expect(sum.value == 4)
                }
            }
        }
    }

    @Test func garbageOnTheRequestSocketIsCounted() async throws {
        try await withMessageTestBus { bus in
            let peer = try RawPeer(.dealer, bus.endpoints.requests, role: "music")
            for message in garbage { try await peer.send(message) }
            try await eventually("garbage is counted") {
                count(bus, "bus_switch_broker_notes_total", labels: ["kind": "malformed"]) >= garbage.count
            }
            try await expectAlive(bus)
        }
    }

    @Test func garbageFromAPublisherIsCounted() async throws {
        try await withMessageTestBus { bus in
            let peer = try RawPeer(.publish, bus.endpoints.eventsIn, role: "gateway")
            try await eventually("garbage is counted") {
                for message in garbage { try await peer.send(message) }
                return count(bus, "bus_switch_malformed_total") > 0 && count(bus, "bus_switch_events_refused_total") > 0
            }
            try await expectAlive(bus)
        }
    }

    @Test func aBatchThatEndsInTheMiddleIsReadUpToThere() async throws {
        try await withMessageTestBus { bus in
            let metrics = MetricsRegistry(instance: .init(service: .moderation))
            let peer = try RawPeer(.publish, bus.endpoints.eventsIn, role: "gateway")
            try await bus.withConnection(.moderation, metrics: metrics) { moderation in
                try await moderation.withSubscription([TopicFilter("test.")]) { subscription in
                    #expect(await subscription.waitUntilOpen())
                    // An event with the payload 7, and the beginning of another.
                    let batch: [UInt8] = [0x0A, 5, 0x0A, 0, 0x12, 1, 7, 0x0A, 50, 0x0A]
                    var events: [IncomingEvent] = []
                    var iterator = subscription.makeAsyncIterator()
                    async let first = iterator.next()
                    try await eventually("the damage is counted") {
                        try await peer.send([Array("test.batch.".utf8), EventBatch.header, batch])
                        return metrics.counter("bus_malformed_total", help: "").current > 0
                    }
                    events += try #require(await first)
                    #expect(events.first.map { Array($0.payload) } == [7])
                }
            }
            try await expectAlive(bus)
        }
    }

    @Test func garbageFromTheSwitchboardsSideDoesNotEndAConnection() async throws {
        // Subscription messages are what peers send to the events-out socket.
        try await withMessageTestBus { bus in
            let peer = try RawPeer(.extendedSubscribe, bus.endpoints.eventsOut, role: "music")
            for message in [[], [0], [9, 9, 9], [1] + [UInt8](repeating: 65, count: 100_000)] as [[UInt8]] {
                try await peer.send([message])
            }
            try await expectAlive(bus)
        }
    }

    @Test func anEventOnSomebodyElsesTopicIsRefused() async throws {
        try await withMessageTestBus { bus in
            try await bus.withConnection(.music) { music in
                try await bus.withConnection(.moderation) { moderation in
                    try await moderation.withSubscription([.all]) { subscription in
                        #expect(await subscription.waitUntilOpen())
                        // Its source says gateway; the log-in says music.
                        var header = Header()
                        header.source = "gateway/1"
                        for topic in [
                            "discord.iris.0.MESSAGE_CREATE.", "head.iris.0.", "ensemble.moderation.case-opened.", "x.",
                        ] {
                            music.publish(OutgoingEvent(topic: Topic(rawValue: topic), header: header, payload: []))
                        }
                        music.publish(
                            PlayerChanged(
                                bot: .init(rawValue: "iris")!,
                                guild: .init(1),
                                channel: nil,
                                state: "idle",
                                title: "",
                                queued: 0
                            )
                        )
                        var iterator = subscription.makeAsyncIterator()
                        let first = try #require(await iterator.next()?.first)
                        #expect(first.isUnder(PlayerChanged.topic))
                        #expect(try first.decode(PlayerChanged.self).state == "idle")
                    }
                    #expect(count(bus, "bus_switch_events_refused_total") == 4)
                }
            }
        }
    }

    @Test func serviceThatMayNotServeIsRefused() async throws {
        try await withMessageTestBus { bus in
            try await bus.withConnection(.persona) { persona in
                try await withBackground {
                    try await persona.serve(Add.self) { _, _ in Sum(value: 0) }
                } body: {
                    try await eventually("the refusal is counted") {
                        count(bus, "bus_switch_broker_notes_total", labels: ["kind": "permission"]) >= 1
                    }
                    let error = await #expect(throws: BusError.self) {
                        _ = try await persona.request(Add(left: 1, right: 1), timeout: .seconds(1))
                    }
                    #expect(error?.code == .noWorker)
                }
            }
        }
    }

    @Test func aWrongSecretIsRefusedAndTheRightOneWorks() async throws {
        try await withMessageTestBus {
            $0.secrets = [.gateway: "g-secret", .moderation: "m-secret", .music: "music-secret"]
        } _: { bus in
            let stranger = try RawPeer(.dealer, bus.endpoints.requests, role: "gateway", password: "guessed")
            let nobody = try RawPeer(.dealer, bus.endpoints.requests, role: "nobody")
            try await eventually("both are refused") { count(bus, "bus_switch_logins_refused_total") >= 2 }
            _ = (stranger, nobody)
            try await expectAlive(bus)
        }
    }

    @Test func anOversizeFrameEndsItsSendersConnectionOnly() async throws {
        try await withMessageTestBus { bus in
            let peer = try RawPeer(.dealer, bus.endpoints.requests, role: "music")
            try await peer.greet(client: 5)
            try await peer.send([[UInt8](repeating: 1, count: 2 << 20)])
            try await eventually("the peer is cut off") {
                count(bus, "bus_switch_broker_notes_total", labels: ["kind": "peer-lost"]) >= 1
            }
            try await expectAlive(bus)
        }
    }

    @Test func aSecondSwitchboardInTheSameFolderIsRefused() async throws {
        try await withMessageTestBus { bus in
            let error = await #expect(throws: ZeroMQError.self) { try await withSwitchboard(bus) {} }
            #expect(error?.code == .addressInUse)
            try await expectAlive(bus)
        }
    }
}
