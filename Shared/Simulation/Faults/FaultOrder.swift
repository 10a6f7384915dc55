package import DiscordModel

/// An order for a fault that cannot be carried out; says which field is wrong and what it may be.
package struct FaultRefused: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    init(_ field: String, _ found: String, expected: String) {
        description = "\(field): \(found) is not \(expected)"
    }

    init(_ text: String) { description = text }
}

/// A bot that a fault is aimed at.
package struct FaultedBot: Sendable, Equatable {
    package let id: UserID
    package let name: String

    package init(id: UserID, name: String) {
        self.id = id
        self.name = name
    }
}

/// A fault as `POST /control/faults` asks for it: `{"target","kind","bot","count","ms","code","route","seed"}`.
///
/// Only `target` and `kind` are needed. What a kind leaves open (``FaultTraits``) takes its standard value; what it does
/// not take is refused.
package struct FaultOrder: Sendable, Equatable {
    /// How often a fault can happen at most.
    package static let counts: ClosedRange<Int64> = 1...100_000
    /// Ten minutes: no test waits longer, and nobody forgets a fault for longer.
    package static let milliseconds: ClosedRange<Int64> = 0...600_000

    private static let fields: Set<String> = ["target", "kind", "bot", "count", "ms", "code", "route", "seed"]

    package var kind: String
    package var bot: FaultedBot?
    package var count: Int?
    package var milliseconds: UInt64?
    package var code: Int64?
    /// A method (`POST`), or a method and a route (`POST /channels/{channel_id}/messages`).
    package var route: String?
    /// Lets chance decide, repeatably, which half of the things meets the fault; nil for each of them.
    package var seed: UInt64?

    package init(_ kind: String, bot: FaultedBot? = nil, count: Int? = nil, milliseconds: UInt64? = nil) {
        self.kind = kind
        self.bot = bot
        self.count = count
        self.milliseconds = milliseconds
    }

    /// Reads an order but for its target.
    ///
    /// - Parameter findBot: the bot of that name.
    init(_ body: JSONValue, findBot: (String) -> FaultedBot?) throws(FaultRefused) {
        if let unknown = body.objectValue?.keys.filter({ !Self.fields.contains($0) }).min() {
            throw FaultRefused("\(unknown): no such field; there are \(Self.fields.sorted().joined(separator: ", "))")
        }
        guard let kind = body["kind"]?.integerOrText.map(String.init) ?? body["kind"]?.stringValue else {
            throw FaultRefused("kind is missing")
        }
        self.kind = kind
        count = try Self.number("count", body, in: Self.counts).map { Int($0) }
        milliseconds = try Self.number("ms", body, in: Self.milliseconds).map { UInt64($0) }
        code = try Self.number("code", body, in: 0...Int64.max)
        seed = try Self.number("seed", body, in: 0...Int64.max).map { UInt64($0) }
        route = try Self.text("route", body)
        if let name = try Self.text("bot", body) {
            guard let found = findBot(name) else { throw FaultRefused("bot", "\"\(name)\"", expected: "a bot here") }
            bot = found
        }
    }

    /// Whose fault it is.
    static func target(_ body: JSONValue) throws(FaultRefused) -> FaultTarget {
        let names = FaultTarget.allCases.map(\.rawValue).joined(separator: ", ")
        guard let value = body["target"] else { throw FaultRefused("target is missing; it is one of \(names)") }
        // Older scripts say `model`.
        let name = value.stringValue == "model" ? "llm" : value.stringValue
        guard let target = name.flatMap({ FaultTarget(rawValue: $0) }) else {
            throw FaultRefused("target", value.text, expected: "one of \(names)")
        }
        return target
    }

    private static func number(
        _ field: String,
        _ body: JSONValue,
        in range: ClosedRange<Int64>
    ) throws(FaultRefused) -> Int64? {
        guard let value = body[field], !value.isNull else { return nil }
        guard let number = value.integerValue, range.contains(number) else {
            let most = range.upperBound == .max ? "" : " to \(range.upperBound)"
            throw FaultRefused(field, value.text, expected: "a whole number from \(range.lowerBound)\(most)")
        }
        return number
    }

    private static func text(_ field: String, _ body: JSONValue) throws(FaultRefused) -> String? {
        guard let value = body[field], !value.isNull else { return nil }
        guard let text = value.stringValue else { throw FaultRefused(field, value.text, expected: "a text") }
        return text.isEmpty ? nil : text
    }
}
