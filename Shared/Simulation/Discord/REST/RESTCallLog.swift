import DequeModule

/// One REST call, as tests and the page read it.
package struct RESTCall: Sendable {
    package let number: Int
    package let at: EpochMilliseconds
    /// The bot's name (`rainbow`); empty without a token.
    package let bot: String
    package let method: String
    /// As requested, with its query.
    package let path: String
    /// The route's template; nil when this Discord has no such route.
    package let route: String?
    package let status: Int
    package let milliseconds: Double
    package let reason: String?
    /// The fault that it met (`drop-after`). Without an answer the status is that of what was done, or 0.
    package let fault: String?
    /// Kept only while bodies are recorded.
    package let requestBody: JSONValue?
    package let responseBody: JSONValue?
    package let requestContentType: String?

    package func json(withBodies: Bool) -> JSONValue {
        var members: [String: JSONValue] = [
            "number": .int(number), "at": .time(at), "bot": .string(bot), "method": .string(method),
            "path": .string(path), "route": .text(route), "status": .int(status), "milliseconds": .number(milliseconds),
            "reason": .text(reason), "fault": .text(fault),
        ]
        if withBodies {
            members["request"] = requestBody ?? .null
            members["response"] = responseBody ?? .null
            members["contentType"] = .text(requestContentType)
        }
        return .object(members)
    }
}

/// The latest REST calls, bounded.
package struct RESTCallLog: Sendable {
    private static let limit = 20_000
    private static let limitWithBodies = 4000

    /// Whether requests and answers are kept whole.
    package var recordsBodies = false
    private var calls: Deque<RESTCall> = []
    private var next = 1

    package init() {}

    mutating func append(_ make: (_ number: Int) -> RESTCall) -> RESTCall {
        let call = make(next)
        next += 1
        calls.append(call)
        while calls.count > (recordsBodies ? Self.limitWithBodies : Self.limit) { calls.removeFirst() }
        return call
    }

    /// Calls with a number above the given one, oldest first.
    package func since(_ number: Int) -> [RESTCall] {
        guard let first = calls.first?.number else { return [] }
        return Array(calls.dropFirst(max(number - first + 1, 0)))
    }
}
