import DiscordModel

/// An active fault, or one that has ended: what was ordered, and what has come of it.
package struct Fault<Kind: FaultKind>: Sendable {
    /// What it did, for the reader of a list.
    struct Deed: Sendable {
        let at: EpochMilliseconds
        let what: String
    }

    /// Deeds that a fault remembers; the older ones are only counted.
    private static var deedLimit: Int { 8 }

    let id: Int
    package let kind: Kind
    package let bot: FaultedBot?
    package let route: String?
    /// The kind's number, its standard where none was ordered; 0 for kinds without one.
    package let code: Int64
    /// How long what meets it waits; 0 where `ms` means something else.
    package let wait: EpochMilliseconds
    private let interval: EpochMilliseconds
    /// How often it happens; nil for as often as it can until it ends.
    let count: Int?
    let startedAt: EpochMilliseconds
    /// When it ends; nil when only the count ends it.
    let endsAt: EpochMilliseconds?
    private(set) var done = 0
    private(set) var deeds: [Deed] = []
    private var nextStrike: EpochMilliseconds
    private var choice: SeededChoice?

    /// - Throws: when the kind does not take what the order says.
    init(_ order: FaultOrder, kind: Kind, id: Int, at now: EpochMilliseconds) throws(FaultRefused) {
        let traits = kind.traits
        let name = "\(Kind.target.rawValue)'s \(kind.rawValue)"
        if order.bot != nil, !traits.takesBot { throw FaultRefused("bot: \(name) is not aimed at one bot") }
        if order.route != nil, !traits.takesRoute { throw FaultRefused("route: \(name) is not aimed at one route") }
        if let code = order.code {
            guard let permitted = traits.code else { throw FaultRefused("code: \(name) has none") }
            guard permitted.range.contains(code) else {
                let range = "from \(permitted.range.lowerBound) to \(permitted.range.upperBound)"
                throw FaultRefused("code", "\(code)", expected: "a whole number \(range)")
            }
        }
        self.id = id
        self.kind = kind
        bot = order.bot
        route = order.route
        code = order.code ?? traits.code?.standard ?? 0
        startedAt = now
        nextStrike = now
        choice = order.seed.map { SeededChoice(seed: String($0)) }
        let milliseconds = order.milliseconds ?? traits.milliseconds.standard
        switch traits.milliseconds {
        case .wait:
            wait = milliseconds ?? 0
            interval = 0
            endsAt = nil
            count = order.count ?? 1
        case .lifetime:
            wait = 0
            interval = 0
            endsAt = milliseconds.map { now + $0 }
            count = order.count ?? (milliseconds == nil ? 1 : nil)
        case .interval:
            wait = 0
            interval = milliseconds ?? 0
            endsAt = nil
            count = order.count ?? 1
        }
    }

    func isOver(at now: EpochMilliseconds) -> Bool {
        if let endsAt, endsAt <= now { return true }
        return count.map { done >= $0 } ?? false
    }

    var strikes: Bool {
        if case .interval = kind.traits.milliseconds { true } else { false }
    }

    func strikes(at now: EpochMilliseconds) -> Bool { strikes && nextStrike <= now }

    /// Whether a thing of that bot meets the fault; nil is a thing whose bot is not known.
    func concerns(_ bot: UserID?) -> Bool { self.bot == nil || self.bot?.id == bot }

    /// Asks chance, where the order wanted it.
    mutating func isChosen() -> Bool {
        guard var generator = choice else { return true }
        let chosen = generator.next() & 1 == 1
        choice = generator
        return chosen
    }

    mutating func happened(_ what: String, at now: EpochMilliseconds) {
        done += 1
        nextStrike = now + interval
        deeds.append(Deed(at: now, what: what))
        if deeds.count > Self.deedLimit { deeds.removeFirst() }
    }

    /// As `GET /control/faults` shows it.
    func json() -> JSONValue {
        [
            "id": .string("\(Kind.target.rawValue)-\(id)"), "target": .string(Kind.target.rawValue),
            "kind": .string(kind.rawValue), "bot": .text(bot?.name), "route": .text(route),
            "code": kind.traits.code == nil ? .null : .integer(code),
            "count": count.map { .int($0) } ?? .null, "done": .int(done),
            "remaining": count.map { .int(max($0 - done, 0)) } ?? .null,
            "ms": .integer(Int64(wait + interval)), "since": .time(startedAt),
            "until": endsAt.map { .time($0) } ?? .null,
            "did": .array(deeds.map { ["at": .time($0.at), "what": .string($0.what)] }),
        ]
    }
}
