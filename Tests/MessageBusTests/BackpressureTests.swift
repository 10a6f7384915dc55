import BusContract
import BusCore
import Logging
import MessageBus
import ServiceKit
import TestSupport
import Testing
import ZeroMQ

/// Every queue has a bound, what it drops is counted, and a slow subscriber slows nobody else.
@Suite(.timeLimit(.minutes(1))) struct BackpressureTests {
    private let topic = Topic(rawValue: "test.flood.")

    private func event(_ seq: Int) -> OutgoingEvent {
        var header = Header()
        header.seq = UInt64(seq)
        return OutgoingEvent(topic: topic, header: header, payload: [UInt8](repeating: 1, count: 200))
    }

    @Test func aSlowSubscriberLosesItsOwnEventsOnlyAndTheyAreCounted() async throws {
        let total = 30_000
        try await withMessageTestBus { bus in
            let metrics = MetricsRegistry(instance: .init(service: .moderation))
            try await bus.withConnection(.gateway) { gateway in
                try await bus.withConnection(.moderation, metrics: metrics) { moderation in
                    try await moderation.withSubscription([TopicFilter(topic)], capacity: 100, name: "slow") { slow in
                        #expect(await slow.waitUntilOpen())
                        try await moderation.withSubscription([TopicFilter(topic)], capacity: total, name: "quick") {
                            quick in
                            #expect(await quick.waitUntilOpen())
                            var sent = 0
                            var seen = 0
                            var iterator = quick.makeAsyncIterator()
                            while seen < total {
                                // A share at a time, so that no high-water mark on the way is reached.
                                while sent < total, sent - seen < 5000, gateway.publish(event(sent + 1)) { sent += 1 }
                                for event in try #require(await iterator.next()) {
                                    seen += 1
                                    #expect(try event.header.seq == UInt64(seen))
                                }
                            }
                            let dropped = metrics.counter(
                                "bus_events_dropped_total",
                                help: "",
                                labels: ["subscription": "slow"]
                            )
                            // What the slow one still has is at most its capacity and a batch.
                            var kept = 0
                            var slowIterator = slow.makeAsyncIterator()
                            while kept + dropped.current < total {
                                kept += try #require(await slowIterator.next()).count
                            }
                            #expect(kept + dropped.current == total)
                            #expect(dropped.current > 0)
                            #expect(
                                metrics.counter("bus_events_dropped_total", help: "", labels: ["subscription": "quick"])
                                    .current == 0
                            )
                        }
                    }
                }
            }
        }
    }

    @Test func whatDoesNotFitIntoTheQueueToAnAbsentSwitchboardIsRefusedAndCounted() async throws {
        let folder = temporaryBusFolder()
        let metrics = MetricsRegistry(instance: .init(service: .gateway))
        var configuration = BusConfiguration(endpoints: .ipc(directory: folder), role: .gateway)
        configuration.outgoingEvents = 50
        let connection = try BusConnection(
            configuration: configuration,
            instance: .init(service: .gateway),
            logger: .init(label: "test"),
            metrics: metrics
        )
        try await withBackground {
            try await connection.run()
        } body: {
            var taken = 0
            for seq in 1...80 where connection.publish(event(seq)) { taken += 1 }
            #expect(taken == 50)
            #expect(metrics.counter("bus_events_publish_dropped_total", help: "").current == 30)
        }
    }

    @Test func eventsPublishedBeforeTheSwitchboardIsThereArriveOnceItIs() async throws {
        try await withMessageTestBus { bus in
            try await bus.withConnection(.moderation) { moderation in
                try await moderation.withSubscription([TopicFilter(topic)]) { subscription in
                    #expect(await subscription.waitUntilOpen())
                    try await bus.withConnection(.gateway) { gateway in
                        // Nothing is connected yet in this very moment: PUB sockets would drop these.
                        for seq in 1...100 { #expect(gateway.publish(event(seq))) }
                        var seen = 0
                        var iterator = subscription.makeAsyncIterator()
                        while seen < 100 { seen += try #require(await iterator.next()).count }
                        #expect(seen == 100)
                    }
                }
            }
        }
    }

    @Test func aSubscriptionIsConfirmedAgainAfterARestart() async throws {
        let folder = temporaryBusFolder()
        defer { removeBusFolder(folder) }
        let bus = TestBus(
            endpoints: .ipc(directory: folder),
            configuration: .init(endpoints: .ipc(directory: folder)),
            metrics: MetricsRegistry(instance: .init(service: .bus))
        )
        try await bus.withConnection(.moderation) { moderation in
            try await moderation.withSubscription([.all]) { subscription in
                try await withSwitchboard(bus) {
                    #expect(await subscription.waitUntilOpen())
                }
                let seen = subscription.openings
                try await withSwitchboard(bus) {
                    #expect(await subscription.waitUntilOpen(after: seen))
                }
            }
        }
    }
}
