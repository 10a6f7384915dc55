import ServiceKit

/// What the service counts.
struct PersonaMetrics: Sendable {
    let running: Gauge
    let queued: Counter
    let edits: Counter
    let modelFailures: Counter
    let lostClaims: Counter
    /// From the member's message to the first text on Discord.
    let firstText: Histogram
    /// From the member's message to the finished answer.
    let whole: Histogram
    private let registry: MetricsRegistry

    init(_ registry: MetricsRegistry) {
        self.registry = registry
        running = registry.gauge("persona_turns_running", help: "Answers being written now.")
        queued = registry.counter("persona_turns_total", help: "Turns taken in.")
        edits = registry.counter("persona_edits_total", help: "Edits of growing answers.")
        modelFailures = registry.counter("persona_model_failures_total", help: "Model calls that failed.")
        lostClaims = registry.counter(
            "persona_claims_lost_total",
            help: "Turns that another worker took over while this one worked on them."
        )
        let bounds: [Double] = [0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 21, 34, 60, 120, 300, 600]
        firstText = registry.histogram(
            "persona_first_text_seconds",
            help: "From question to the first text of the answer.",
            bounds: bounds
        )
        whole = registry.histogram(
            "persona_answer_seconds",
            help: "From question to the finished answer.",
            bounds: bounds
        )
    }

    func finished(_ outcome: String) {
        registry.counter("persona_turns_finished_total", help: "Turns by how they ended.", labels: ["outcome": outcome])
            .increment()
    }
}
