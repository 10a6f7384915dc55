import BusContract
import Logging
import MessageBus
import ServiceKit

/// Prints what crosses the bus, as it does.
struct BusTap: Sendable {
    let installation: Installation
    let topics: [TopicFilter]
    let filter: TapFilter
    let showsPayload: Bool
    /// Ends after so many events; nil = never.
    let limit: Int?

    /// Runs until the limit is reached or the task is cancelled.
    func run() async throws {
        let settings = installation.settings
        let address = settings.optional("ENSEMBLE_BUS") ?? "ipc://\(installation.busFolder)"
        let endpoints = try BusEndpoints(settings: Settings(environment: ["ENSEMBLE_BUS": address]))
        let instance = ServiceInstance(service: .ensemble, id: "tap")
        let bus = try BusConnection(
            configuration: BusConfiguration(
                endpoints: endpoints,
                role: .ensemble,
                login: try login(endpoints)
            ),
            instance: instance,
            logger: Logger(label: "tap"),
            metrics: MetricsRegistry(instance: instance)
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bus.run() }
            group.addTask { try await follow(bus) }
            try await group.next()
            group.cancelAll()
        }
    }

    /// As the supervisor's neighbour over ipc; over TCP by the command line's own keys.
    private func login(_ endpoints: BusEndpoints) throws(ConfigurationError) -> BusLogin {
        let settings = installation.settings
        guard !endpoints.isTCP else {
            return try BusLogin(settings: settings, service: .ensemble, endpoints: endpoints)
        }
        let secret = settings.optionalSecret("BUS_SECRET") ?? Folder.read(installation.busSecretFile).map { Secret($0) }
        guard let secret else {
            throw ConfigurationError(
                key: "BUS_SECRET",
                expected: "a running stack (make up), or the bus's secret of `ensemble`",
                found: "neither"
            )
        }
        return .password(secret)
    }

    private func follow(_ bus: BusConnection) async throws {
        try await bus.withSubscription(topics, name: "tap") { subscription in
            guard await subscription.waitUntilOpen() else {
                throw ConfigurationError(
                    key: "ENSEMBLE_BUS",
                    expected: "a bus that answers",
                    found: "none within 5 s; is the stack running, and over TCP, do the keys fit?"
                )
            }
            var shown = 0
            for await batch in subscription {
                for event in batch {
                    let line: String
                    do {
                        let header = try event.header
                        guard filter.matches(header, payload: event.payload) else { continue }
                        line = TapLine.format(
                            topic: event.topic,
                            header: header,
                            payload: event.payload,
                            showsPayload: showsPayload
                        )
                    } catch {
                        line = "\(String(decoding: event.topic, as: UTF8.self)) malformed header: \(error)"
                    }
                    Terminal.write("\(LogTime.local()) \(ConsoleLogHandler.oneLine(line))\n")
                    shown += 1
                    if shown == limit { return }
                }
            }
        }
    }
}
