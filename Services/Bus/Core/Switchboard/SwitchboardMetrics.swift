import ServiceKit

/// What the switchboard counts.
struct SwitchboardMetrics: Sendable {
    let events: Counter
    let eventBytes: Counter
    let eventsRefused: Counter
    let malformed: Counter
    let requests: Counter
    let replies: Counter
    let peers: Gauge
    let waiting: Gauge
    let subscriptions: Counter
    let logins: Counter
    let loginsRefused: Counter
    let handshakesFailed: Counter
    private let notes: [BrokerNote.Kind: Counter]

    init(_ registry: MetricsRegistry) {
        events = registry.counter("bus_switch_events_total", help: "Events passed on.")
        eventBytes = registry.counter("bus_switch_event_bytes_total", help: "Bytes of events passed on.")
        eventsRefused = registry.counter(
            "bus_switch_events_refused_total",
            help: "Events on topics that their sender may not publish."
        )
        malformed = registry.counter("bus_switch_malformed_total", help: "Messages that could not be read.")
        requests = registry.counter("bus_switch_requests_total", help: "Requests handed to workers.")
        replies = registry.counter("bus_switch_replies_total", help: "Replies and refusals handed to callers.")
        peers = registry.gauge("bus_switch_peers", help: "Processes connected for requests.")
        waiting = registry.gauge("bus_switch_requests_waiting", help: "Requests that no worker has taken yet.")
        subscriptions = registry.counter("bus_switch_subscriptions_total", help: "Subscriptions that came in.")
        logins = registry.counter("bus_switch_logins_total", help: "Log-ins let in.")
        loginsRefused = registry.counter("bus_switch_logins_refused_total", help: "Log-ins refused.")
        handshakesFailed = registry.counter(
            "bus_switch_handshakes_failed_total",
            help: "Connections over TCP that ended before their log-in: without CURVE, or made for another server key."
        )
        notes = Dictionary(
            uniqueKeysWithValues: BrokerNote.Kind.allCases.map { kind in
                (
                    kind,
                    registry.counter(
                        "bus_switch_broker_notes_total",
                        help: "What the request broker noticed.",
                        labels: ["kind": kind.rawValue]
                    )
                )
            }
        )
    }

    func count(_ note: BrokerNote) {
        notes[note.kind]?.increment()
    }
}
