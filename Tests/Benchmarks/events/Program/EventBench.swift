import BusContract
import DiscordModel
import DurableEvents
import Glibc
import ServiceHost
import ServiceKit
import Synchronization

/// Consumes messages as moderation does, under its name.
struct EventBench: HostedService {
    static let name = ServiceName.moderation

    private let consumer: DurableConsumer<Stopwatch>

    init(host: Host) async throws {
        consumer = DurableConsumer(
            name: "bench",
            events: EventKind.allMessages,
            spine: host.spine,
            bus: host.bus,
            handler: Stopwatch(count: try host.settings.int("BENCH_COUNT", default: 20_000, in: 1...10_000_000)),
            logger: host.logger("consumer"),
            metrics: host.metrics
        )
    }

    func run() async throws {
        try await consumer.run()
    }
}

/// Reads each message and takes the time since it was written to the socket; tells of so many, and begins anew.
final class Stopwatch: DurableHandler {
    private struct State {
        /// What the journal has from before the first live message is old.
        var hasBegun = false
        var times: [UInt64] = []
    }

    private let count: Int
    private let state = Mutex(State())

    init(count: Int) {
        self.count = count
    }

    func examine(_ event: DurableEvent) async throws -> Never? {
        let message = try event.payload.withUnsafeBytes { bytes throws(MalformedJSON) in try MessageEvent(json: bytes) }
        guard message.guildID != nil, message.channelID.rawValue > 0, message.author.id.rawValue > 0,
            message.member?.roles.isEmpty == false, let written = UInt64(message.content.prefix { $0 != " " })
        else { return nil }
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let nanoseconds = UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
        let all = state.withLock { state -> [UInt64]? in
            state.hasBegun = state.hasBegun || !event.isFromJournal
            guard state.hasBegun else { return nil }
            state.times.append(nanoseconds - written)
            guard state.times.count == count else { return nil }
            defer { state.times.removeAll(keepingCapacity: true) }
            return state.times.sorted()
        }
        if let all {
            print(Double(all[count / 2]) / 1e3, Double(all[count * 99 / 100]) / 1e3)
            fflush(nil)
        }
        return nil
    }

    func perform(_ work: [Never], in transaction: DurableTransaction) async throws {}
}
