/// What Discord's REST API does to our calls.
extension Scenario {
    private static let send = "POST /channels/{channel_id}/messages"
    private static let edit = "PATCH /channels/{channel_id}/messages/{message_id}"
    private static let delete = "DELETE /channels/{channel_id}/messages/{message_id}"

    static let rest: [Scenario] = [
        Scenario(
            "a storm of 429",
            orders: [
                .init("rest", "429", count: 8, ms: 600, route: send), .init("rest", "429-global", count: 3, ms: 800),
                .init("rest", "429-shared", count: 3, ms: 500, route: delete),
            ]
        ),
        Scenario(
            "a storm of 5xx",
            .long,
            orders: [
                .init("rest", "502", count: 5, route: send), .init("rest", "503", count: 3, route: delete),
                .init("rest", "500", count: 3, route: edit),
            ]
        ),
        Scenario(
            "messages whose answer is lost before they are sent",
            .long,
            orders: [.init("rest", "drop-before", count: 4, route: send)]
        ),
        Scenario(
            "messages whose answer is lost after they are sent",
            orders: [.init("rest", "drop-after", count: 4, route: send)]
        ),
        Scenario(
            "answers that break in the middle",
            .long,
            orders: [.init("rest", "reset", count: 3, route: send), .init("rest", "reset", count: 2, route: edit)]
        ),
        Scenario(
            "deletions whose answer is lost",
            .long,
            orders: [
                .init("rest", "drop-after", count: 2, route: delete),
                .init("rest", "drop-before", count: 2, route: delete),
            ]
        ),
        Scenario(
            "events before their answers",
            orders: [.init("rest", "late-answer", count: 6, ms: 900, route: send)]
        ),
        Scenario(
            "answers before their events",
            .long,
            orders: [.init("rest", "late-event", count: 6, ms: 900, route: send)]
        ),
    ]
}
