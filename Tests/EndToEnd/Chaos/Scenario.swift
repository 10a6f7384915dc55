/// One way in which things go wrong while members chat, swear, listen and use commands.
struct Scenario: Sendable {
    enum Trouble: Sendable {
        /// The playground's faults; each must have happened before members' deeds are counted.
        case faults([Playground.Order])
        /// Sessions that Discord gives up: what members do meanwhile nobody hears, so they wait until the bots are back.
        case newSessions
        /// A process stands still for so long, and then goes on with what it believed; meanwhile members write so many
        /// messages more than usual.
        case frozen(String, Duration, talk: Int = 0)
        /// A process ends by kill -9 at a seeded step.
        case killed(String)
    }

    let name: String
    let trouble: Trouble

    private init(_ name: String, _ trouble: Trouble) {
        self.name = name
        self.trouble = trouble
    }

    private static let send = "POST /channels/{channel_id}/messages"
    private static let edit = "PATCH /channels/{channel_id}/messages/{message_id}"
    private static let delete = "DELETE /channels/{channel_id}/messages/{message_id}"

    static let all: [Scenario] = [
        Scenario("a storm of RECONNECT", .faults([.init("gateway", "reconnect", count: 5, ms: 500)])),
        Scenario(
            "a storm of INVALID_SESSION that can be resumed",
            .faults([.init("gateway", "invalid-session-resumable", count: 3, ms: 900)])
        ),
        Scenario("sessions that are given up", .newSessions),
        Scenario(
            "connections that break in the middle of a frame",
            .faults([.init("gateway", "cut-frame", count: 4), .init("gateway", "drop", count: 2, ms: 1_500)])
        ),
        Scenario(
            "dispatches that come twice after RESUME",
            .faults([.init("gateway", "replay-overlap", count: 8), .init("gateway", "drop", count: 4, ms: 1_200)])
        ),
        Scenario("late dispatches", .faults([.init("gateway", "delay", count: 10, ms: 700)])),
        Scenario(
            "a storm of 429",
            .faults([
                .init("rest", "429", count: 8, ms: 600, route: send), .init("rest", "429-global", count: 3, ms: 800),
                .init("rest", "429-shared", count: 3, ms: 500, route: delete),
            ])
        ),
        Scenario(
            "a storm of 5xx",
            .faults([
                .init("rest", "502", count: 5, route: send), .init("rest", "503", count: 3, route: delete),
                .init("rest", "500", count: 3, route: edit),
            ])
        ),
        Scenario(
            "messages whose answer is lost before they are sent",
            .faults([.init("rest", "drop-before", count: 4, route: send)])
        ),
        Scenario(
            "messages whose answer is lost after they are sent",
            .faults([.init("rest", "drop-after", count: 4, route: send)])
        ),
        Scenario(
            "answers that break in the middle",
            .faults([.init("rest", "reset", count: 3, route: send), .init("rest", "reset", count: 2, route: edit)])
        ),
        Scenario(
            "deletions whose answer is lost",
            .faults([
                .init("rest", "drop-after", count: 2, route: delete),
                .init("rest", "drop-before", count: 2, route: delete),
            ])
        ),
        Scenario(
            "events before their answers",
            .faults([.init("rest", "late-answer", count: 6, ms: 900, route: send)])
        ),
        Scenario("answers before their events", .faults([.init("rest", "late-event", count: 6, ms: 900, route: send)])),
        Scenario("new voice servers", .faults([.init("gateway", "voice-server", count: 3, ms: 600)])),
        Scenario("a node that loses its sessions", .faults([.init("lavalink", "session-lost", count: 2, ms: 1_500)])),
        Scenario("a dead node", .faults([.init("lavalink", "dead", ms: 3_000)])),
        Scenario("a model that breaks off", .faults([.init("llm", "broken-stream", count: 2)])),
        Scenario("a model that refuses", .faults([.init("llm", "500", count: 2)])),
        Scenario("a model that talks rubbish", .faults([.init("llm", "garbage"), .init("llm", "empty")])),
        Scenario("a model that does not end", .faults([.init("llm", "no-end", count: 2)])),
        Scenario("a model that is slow", .faults([.init("llm", "slow", count: 2, ms: 150)])),
        // Longer than a lease lives (12 s): what they come back with is not theirs any more.
        Scenario("a gateway that stands still", .frozen("gateway", .seconds(13))),
        Scenario("a moderation that does not read what comes", .frozen("moderation", .seconds(13), talk: 600)),
        Scenario("a persona that stands still", .frozen("persona", .seconds(4))),
        Scenario("a new bus", .killed("bus")),
    ]
}
