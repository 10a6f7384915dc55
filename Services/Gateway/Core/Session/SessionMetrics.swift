import BusContract
import DiscordModel
import ServiceKit

/// What is counted of one shard's sessions.
struct SessionMetrics: Sendable {
    let received: Counter
    let published: Counter
    let repeated: Counter
    let malformed: Counter
    let connects: Counter
    let identifies: Counter
    let resumes: Counter
    let lostSessions: Counter
    let latency: Gauge
    let online: Gauge
    let journalWaiting: Gauge

    init(registry: MetricsRegistry, shard: Partition) {
        let labels = ["bot": shard.bot.rawValue, "shard": "\(shard.shard)"]
        func counter(_ name: String, _ help: String) -> Counter {
            registry.counter("ensemble_gateway_\(name)_total", help: help, labels: labels)
        }
        received = counter("events_received", "Events received from Discord")
        published = counter("events_published", "Events put on the bus")
        repeated = counter("events_repeated", "Events that Discord delivered again")
        malformed = counter("frames_malformed", "Frames that could not be read")
        connects = counter("connects", "Connections opened to Discord's gateway")
        identifies = counter("identifies", "New sessions begun")
        resumes = counter("resumes", "Sessions resumed")
        lostSessions = counter("sessions_lost", "Sessions that could not be resumed: events may be missing")
        latency = registry.gauge(
            "ensemble_gateway_heartbeat_seconds",
            help: "Time from heartbeat to acknowledgement",
            labels: labels
        )
        online = registry.gauge("ensemble_gateway_online", help: "1 while the shard's session is up", labels: labels)
        journalWaiting = registry.gauge(
            "ensemble_gateway_journal_waiting",
            help: "Events that the journal does not have yet",
            labels: labels
        )
    }
}
