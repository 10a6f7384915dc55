import BusContract
import DiscordModel
import Glibc
import Logging
import MessageBus
import ServiceKit

private let partition = Partition(bot: BotID(rawValue: "iris") ?? .some, shard: 0)
/// All that is published lies under it.
private let topic = Topic(rawValue: "discord.iris.0.")
let payload = [UInt8](repeating: UInt8(ascii: "x"), count: 256)

extension BotID {
    fileprivate static var some: BotID { preconditionFailure("a constant of ours") }
}

/// A connection to the bus in the folder, or to the one that `ENSEMBLE_BUS` names.
func connect(_ endpoints: BusEndpoints, _ service: ServiceName) throws -> BusConnection {
    let instance = ServiceInstance(service: service)
    let settings = Settings.process
    return try BusConnection(
        configuration: settings.has("ENSEMBLE_BUS")
            ? BusConfiguration(settings: settings, service: service)
            : BusConfiguration(endpoints: endpoints, role: ServiceRole(rawValue: service.rawValue)),
        instance: instance,
        logger: Logger(label: "bench"),
        metrics: MetricsRegistry(instance: instance)
    )
}

/// Runs a connection while `body` runs.
func withConnection(
    _ endpoints: BusEndpoints,
    _ service: ServiceName,
    _ body: (BusConnection) async throws -> Void
) async throws {
    let connection = try connect(endpoints, service)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await connection.run() }
        try await body(connection)
        group.cancelAll()
        try await group.waitForAll()
    }
}

/// A header as the gateway sends it with each event.
private func header(_ number: Int) -> Header {
    var header = Header()
    header.type = "MESSAGE_CREATE"
    header.stream = 1
    header.seq = UInt64(number)
    header.prev = UInt64(number - 1)
    header.bot = partition.bot
    header.guild = GuildID(1_100_000_000_000_000_000)
    header.channel = ChannelID(1_100_000_000_000_000_100)
    header.user = UserID(1_100_000_000_000_001_000)
    header.contentType = .discord
    return header
}

/// - Parameter together: whether all are of one topic, so that neighbours travel as one message; else each is one of three
///   frames, as the peer's.
func publish(_ endpoints: BusEndpoints, count: Int, window: Int, shared: SharedCounter, together: Bool) async throws {
    let topics = ["MESSAGE_CREATE", together ? "MESSAGE_CREATE" : "MESSAGE_UPDATE"].map { Topic.discord(partition, $0) }
    try await withConnection(endpoints, .gateway) { connection in
        while shared.value < 0 { try await Task.sleep(for: .milliseconds(1)) }
        for number in 1...count {
            while number - shared.value > window { usleep(100) }
            while !connection.publish(
                OutgoingEvent(topic: topics[number & 1], header: header(number), payload: payload)
            ) {
                usleep(100)
            }
        }
        while shared.value < count { try await Task.sleep(for: .milliseconds(1)) }
    }
}

func subscribe(_ endpoints: BusEndpoints, count: Int, shared: SharedCounter) async throws {
    try await withConnection(endpoints, .moderation) { connection in
        try await connection.withSubscription([TopicFilter(topic)]) { subscription in
            guard await subscription.waitUntilOpen(timeout: .seconds(10)) else {
                throw BusError(.closed, "the bus is not there")
            }
            shared.value = 0
            var seen = 0
            var start = ContinuousClock.now
            for await batch in subscription {
                if seen == 0 { start = .now }
                for event in batch {
                    let place = try event.outline
                    guard place.seq == UInt64(seen + 1), place.prev == UInt64(seen) else {
                        throw BusError(.malformed, "gap: \(place.seq) after \(seen)")
                    }
                    seen += 1
                }
                shared.value = seen
                if seen >= count { break }
            }
            print((ContinuousClock.now - start).seconds)
        }
    }
}

/// Asks on the bus's thread, as what carries out effects does, and the peer.
func ask(_ endpoints: BusEndpoints, count: Int) async throws {
    try await withConnection(endpoints, .moderation) { connection in
        try await withTaskExecutorPreference(connection.tasks) {
            print(try await Caller(connection).medianMicroseconds(of: count))
        }
    }
}

/// Asks from a task.
func askFromTask(_ endpoints: BusEndpoints, count: Int) async throws {
    try await withConnection(endpoints, .moderation) { connection in
        print(try await medianMicroseconds(of: count, connection))
    }
}

private actor Caller {
    private let connection: BusConnection
    nonisolated var unownedExecutor: UnownedSerialExecutor { connection.executor }

    init(_ connection: BusConnection) {
        self.connection = connection
    }

    func medianMicroseconds(of count: Int) async throws -> Double {
        try await bench_bus.medianMicroseconds(of: count, connection)
    }
}

/// Asks one request after the other, a thousand of them before it counts.
private func medianMicroseconds(of count: Int, _ connection: BusConnection) async throws -> Double {
    var header = Header()
    header.type = QueryGuild.typeName
    var times: [Duration] = []
    for number in -1000..<count {
        let start = ContinuousClock.now
        let reply = try await connection.request(
            header: header,
            payload: payload,
            to: QueryGuild.address,
            repetition: .repeatable,
            timeout: .seconds(10)
        )
        guard reply.count == payload.count else { throw BusError(.malformed, "another reply") }
        if number >= 0 { times.append(start.duration(to: .now)) }
    }
    return times.sorted()[count / 2].seconds * 1e6
}

/// Echoes from the socket thread, as the peer does.
func answer(_ endpoints: BusEndpoints) async throws {
    try await withConnection(endpoints, .gateway) { connection in
        try await connection.answer(at: QueryGuild.address) { payload, _ in (GuildFacts.typeName, payload) }
    }
}

/// Echoes from a task, as handlers that wait for something do.
func serve(_ endpoints: BusEndpoints) async throws {
    try await withConnection(endpoints, .gateway) { connection in
        try await connection.serve(at: QueryGuild.address) { payload, _ in (GuildFacts.typeName, payload) }
    }
}
