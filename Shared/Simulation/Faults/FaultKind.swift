import DiscordModel

/// Faults: what goes wrong on purpose, and when.
///
/// Each double has an enumeration of the ways in which it can fail (``FaultKind``) and a ``FaultBook`` with the faults
/// that are active; the book decides which thing meets which fault, the double fails accordingly. A ``FaultOrder`` is a
/// request of `POST /control/faults`, read and checked. A new fault is a case in its double's enumeration, with its
/// ``FaultTraits``, and the place in the double that takes it from the book; the page offers it by itself.
package protocol FaultKind: RawRepresentable<String>, CaseIterable, Hashable, Sendable {
    /// The double that fails.
    static var target: FaultTarget { get }
    /// What an order may say about a fault of this kind.
    var traits: FaultTraits { get }
}

extension FaultKind {
    /// The kind of that name, or with it as an alias.
    static func named(_ name: String) -> Self? {
        Self(rawValue: name) ?? allCases.first { $0.traits.aliases.contains(name) }
    }
}

/// Who fails.
package enum FaultTarget: String, CaseIterable, Sendable {
    case rest
    case gateway
    case lavalink
    case llm
}

/// What an order may say about a fault of a kind, and what it means there.
package struct FaultTraits: Sendable {
    /// What the order's `ms` mean.
    package enum Milliseconds: Sendable, Equatable {
        /// So long the thing that meets the fault waits, or is told to wait. The fault meets the next `count` things.
        case wait(UInt64)
        /// So long the fault lasts, and without `count` it meets all things in that time. Without both it meets one
        /// thing; with a standard value it always lasts some time.
        case lifetime(standard: UInt64?)
        /// The double strikes by itself, `count` times, so long apart; a strike that finds nobody waits for somebody.
        case interval(UInt64)

        var name: String {
            switch self {
            case .wait: "wait"
            case .lifetime: "lifetime"
            case .interval: "interval"
            }
        }

        var standard: UInt64? {
            switch self {
            case .wait(let standard), .interval(let standard): standard
            case .lifetime(let standard): standard
            }
        }
    }

    /// Numbers that `code` may have, and the one that it has when it is not given.
    package struct Code: Sendable {
        let range: ClosedRange<Int64>
        let standard: Int64
    }

    var milliseconds = Milliseconds.lifetime(standard: nil)
    /// Other names, under which older scripts know the kind.
    var aliases: [String] = []
    /// Whether the fault can be aimed at one bot.
    var takesBot = true
    /// Whether the fault can be aimed at one route.
    var takesRoute = false
    /// The numbers of a kind that has one, such as the code of a close.
    var code: Code?

    /// How the page and other clients learn of it.
    func json(kind: String, target: FaultTarget) -> JSONValue {
        var ms: [String: JSONValue] = ["meaning": .string(milliseconds.name)]
        if let standard = milliseconds.standard { ms["default"] = .integer(Int64(standard)) }
        var members: [String: JSONValue] = [
            "target": .string(target.rawValue), "kind": .string(kind), "ms": .object(ms), "bot": .bool(takesBot),
            "route": .bool(takesRoute),
        ]
        if let code {
            members["code"] = [
                "least": .integer(code.range.lowerBound), "most": .integer(code.range.upperBound),
                "default": .integer(code.standard),
            ]
        }
        return .object(members)
    }
}
