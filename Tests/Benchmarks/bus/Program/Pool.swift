import BusContract
import Logging
import MessageBus
import ServiceKit
import ServiceLifecycle
import UnixSignals

/// One of several workers: echoes after a time, and leaves at SIGTERM as a service does.
func work(_ endpoints: BusEndpoints, capacity: Int, milliseconds: Int) async throws {
    let connection = try connect(endpoints, .gateway)
    let worker = Worker(connection: connection, capacity: capacity, time: .milliseconds(milliseconds))
    try await ServiceGroup(
        services: [connection, worker],
        gracefulShutdownSignals: [.sigterm],
        logger: Logger(label: "bench")
    ).run()
}

private struct Worker: Service {
    let connection: BusConnection
    let capacity: Int
    let time: Duration

    func run() async throws {
        try await connection.serve(at: QueryGuild.address, capacity: capacity) { [time] payload, _ in
            try await Task.sleep(for: time)
            return (GuildFacts.typeName, payload)
        }
    }
}

/// Asks from many tasks at once for some seconds, each with the deadline of a question for a fact.
///
/// Prints answered requests, failed ones, and the median, 99th percentile and longest of their times in milliseconds.
func load(_ endpoints: BusEndpoints, callers: Int, seconds: Int) async throws {
    try await withConnection(endpoints, .moderation) { connection in
        let end = ContinuousClock.now + .seconds(seconds)
        var times: [Double] = []
        var failures: [String] = []
        await withTaskGroup(of: ([Double], [String]).self) { group in
            for _ in 0..<callers {
                group.addTask { await ask(connection, until: end) }
            }
            for await (more, failed) in group {
                times += more
                failures += failed
            }
        }
        guard !times.isEmpty else { throw BusError(.noWorker, failures.first ?? "nothing was answered") }
        times.sort()
        let p99 = times[times.count * 99 / 100]
        print(times.count, failures.count, times[times.count / 2], p99, times[times.count - 1])
        for failure in failures.prefix(3) { print(failure) }
    }
}

/// One request after the other: the milliseconds of each, and why some have failed.
private func ask(_ connection: BusConnection, until end: ContinuousClock.Instant) async -> ([Double], [String]) {
    var header = Header()
    header.type = QueryGuild.typeName
    var times: [Double] = []
    var failures: [String] = []
    while ContinuousClock.now < end {
        let start = ContinuousClock.now
        do {
            _ = try await connection.request(
                header: header,
                payload: payload,
                to: QueryGuild.address,
                repetition: .repeatable,
                timeout: .seconds(2)
            )
            times.append(start.duration(to: .now).seconds * 1000)
        } catch {
            failures.append("\(error)")
        }
    }
    return (times, failures)
}
