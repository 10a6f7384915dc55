import ServiceKit

/// What a connection counts.
struct BusMetrics: Sendable {
    let published: Counter
    let publishDropped: Counter
    let received: Counter
    let malformed: Counter
    let requests: Counter
    let requestFailures: Counter
    let served: Counter
    let refused: Counter
    let reconnects: Counter
    let roundTrip: Histogram
    private let registry: MetricsRegistry

    init(_ registry: MetricsRegistry) {
        self.registry = registry
        published = registry.counter("bus_events_published_total", help: "Events taken for sending.")
        publishDropped = registry.counter(
            "bus_events_publish_dropped_total",
            help: "Events refused because the queue to the bus was full."
        )
        received = registry.counter("bus_events_received_total", help: "Events received by all subscriptions.")
        malformed = registry.counter("bus_malformed_total", help: "Messages that could not be read.")
        requests = registry.counter("bus_requests_total", help: "Requests sent.")
        requestFailures = registry.counter("bus_request_failures_total", help: "Requests that ended without a reply.")
        served = registry.counter("bus_requests_served_total", help: "Requests answered by this process.")
        refused = registry.counter("bus_requests_refused_total", help: "Requests that this process did not take.")
        reconnects = registry.counter("bus_switchboard_lost_total", help: "Times the switchboard fell silent.")
        roundTrip = registry.histogram("bus_request_seconds", help: "Time from request to reply.")
    }

    /// The counter of events that one subscription dropped because its consumer was behind.
    func dropped(by subscription: String) -> Counter {
        registry.counter(
            "bus_events_dropped_total",
            help: "Events dropped because their consumer was behind.",
            labels: ["subscription": subscription]
        )
    }
}
