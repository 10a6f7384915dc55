package import ServiceKit

/// What is counted of one bot's REST calls.
package struct RESTMetrics: Sendable {
    private let answers: Counter
    private let refusals: Counter
    private let rateLimited: Counter
    private let faults: Counter
    private let durations: [Histogram]

    package init(registry: MetricsRegistry, bot: String) {
        func counter(_ outcome: String) -> Counter {
            registry.counter(
                "ensemble_discord_rest_requests_total",
                help: "REST requests sent to Discord, by what came of them",
                labels: ["bot": bot, "outcome": outcome]
            )
        }
        answers = counter("ok")
        refusals = counter("refused")
        rateLimited = counter("rate_limited")
        faults = counter("fault")
        durations = RequestLane.allCases.map { lane in
            registry.histogram(
                "ensemble_discord_rest_seconds",
                help: "Time from sending a REST request to its answer, without the wait for a permit",
                labels: ["bot": bot, "lane": "\(lane)"]
            )
        }
    }

    func count(_ attempt: Attempt, lane: RequestLane) {
        durations[lane.rawValue].observe(attempt.duration)
        switch attempt.outcome {
        case .answered(200..<300, _): answers.increment()
        case .answered(429, _): rateLimited.increment()
        case .answered(500..., _), .lost, .unsent: faults.increment()
        case .answered: refusals.increment()
        }
    }
}
