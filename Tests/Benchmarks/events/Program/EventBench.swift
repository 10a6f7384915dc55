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
    private let count: Int
    /// What was written before is the journal's, and nobody's measurement.
    private let begun = monotonicNanoseconds()
    private let times = Mutex<[UInt64]>([])

    init(count: Int) {
        self.count = count
    }

    func examine(_ event: DurableEvent) async throws -> Never? {
        let message = try event.payload.withUnsafeBytes { bytes throws(MalformedJSON) in try MessageEvent(json: bytes) }
        guard message.guildID != nil, message.channelID.rawValue > 0, message.author.id.rawValue > 0,
            message.member?.roles.isEmpty == false, let written = UInt64(message.content.prefix { $0 != " " }),
            written >= begun
        else { return nil }
        let now = monotonicNanoseconds()
        let all = times.withLock { times -> [UInt64]? in
            times.append(now - written)
            guard times.count == count else { return nil }
            defer { times.removeAll(keepingCapacity: true) }
            return times.sorted()
        }
        if let all {
            print(Double(all[count / 2]) / 1e3, Double(all[count * 99 / 100]) / 1e3)
            fflush(nil)
        }
        return nil
    }

    func perform(_ work: [Never], in transaction: DurableTransaction) async throws {}
}

/// The clock by which the flooding Discord says when it wrote something.
private func monotonicNanoseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}
