package import DiscordModel

/// The faults of one double: decides which thing meets which fault.
///
/// A value type without I/O that is told the time (milliseconds since the epoch, by the double's clock). Faults of
/// overlapping aim apply in the order in which they were ordered; a thing meets one of them at most. Nothing here is left
/// to chance, except within faults that were ordered with a seed, whose chance repeats.
package struct FaultBook<Kind: FaultKind>: Sendable {
    /// Faults that can be active at once.
    package static var limit: Int { 64 }
    /// Faults that have ended and are still listed.
    private static var pastLimit: Int { 16 }

    private var active: [Fault<Kind>] = []
    private var past: [Fault<Kind>] = []
    private var nextID = 1

    package init() {}

    /// Whether nothing can meet a fault: the way of almost every call.
    var isEmpty: Bool { active.isEmpty }

    /// Whether some fault strikes by itself, and so must be looked after.
    var hasStrikes: Bool { active.contains(where: \.strikes) }

    /// Begins a fault.
    ///
    /// - Returns: its id, for ``end(_:)``.
    /// - Throws: for a kind that there is not, for what the kind does not take, and while too many are active.
    @discardableResult
    package mutating func add(_ order: FaultOrder, at now: EpochMilliseconds) throws(FaultRefused) -> String {
        guard let kind = Kind.named(order.kind) else {
            let names = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw FaultRefused("kind", "\"\(order.kind)\"", expected: "one of \(Kind.target.rawValue)'s: \(names)")
        }
        expire(at: now)
        guard active.count < Self.limit else {
            let full = "\(Self.limit) faults of \(Kind.target.rawValue) are active"
            throw FaultRefused("\(full); DELETE /control/faults ends them")
        }
        let fault = try Fault(order, kind: kind, id: nextID, at: now)
        nextID += 1
        active.append(fault)
        return "\(Kind.target.rawValue)-\(fault.id)"
    }

    /// Ends a fault; false when none has that id.
    mutating func end(_ id: String) -> Bool {
        guard let index = active.firstIndex(where: { "\(Kind.target.rawValue)-\($0.id)" == id }) else { return false }
        retire(active.remove(at: index))
        return true
    }

    package mutating func clear() {
        for fault in active { retire(fault) }
        active = []
    }

    // MARK: - What meets a fault

    /// The fault of these kinds that a thing meets, counted.
    ///
    /// - Parameters:
    ///   - bot: whose thing it is; nil when that is not known.
    ///   - fits: whether a fault's own aim, such as its route, includes the thing.
    ///   - what: the thing, for the list of what the fault did.
    package mutating func take(
        _ kinds: Set<Kind>,
        bot: UserID?,
        at now: EpochMilliseconds,
        fits: (Fault<Kind>) -> Bool = { _ in true },
        _ what: @autoclosure () -> String
    ) -> Fault<Kind>? {
        guard !active.isEmpty else { return nil }
        expire(at: now)
        for index in active.indices where kinds.contains(active[index].kind) && active[index].concerns(bot) {
            guard fits(active[index]), active[index].isChosen() else { continue }
            active[index].happened(what(), at: now)
            let fault = active[index]
            if fault.isOver(at: now) { retire(active.remove(at: index)) }
            return fault
        }
        return nil
    }

    /// Whether a fault of that kind lasts, without counting anything.
    package func lasts(_ kind: Kind, at now: EpochMilliseconds) -> Bool {
        active.contains { $0.kind == kind && !$0.isOver(at: now) }
    }

    /// Faults that are to strike now; the double tells with ``struck(_:_:at:)`` which of them found somebody.
    mutating func dueStrikes(at now: EpochMilliseconds) -> [Fault<Kind>] {
        guard !active.isEmpty else { return [] }
        expire(at: now)
        return active.filter { $0.strikes(at: now) }
    }

    mutating func struck(_ id: Int, _ what: String, at now: EpochMilliseconds) {
        guard let index = active.firstIndex(where: { $0.id == id }) else { return }
        active[index].happened(what, at: now)
        if active[index].isOver(at: now) { retire(active.remove(at: index)) }
    }

    // MARK: - Ends

    private mutating func expire(at now: EpochMilliseconds) {
        guard active.contains(where: { $0.isOver(at: now) }) else { return }
        for fault in active where fault.isOver(at: now) { retire(fault) }
        active.removeAll { $0.isOver(at: now) }
    }

    private mutating func retire(_ fault: Fault<Kind>) {
        past.append(fault)
        if past.count > Self.pastLimit { past.removeFirst() }
    }

    // MARK: - What is listed

    /// All kinds, as clients learn of them.
    package static var catalogue: [JSONValue] {
        Kind.allCases.map { $0.traits.json(kind: $0.rawValue, target: Kind.target) }
    }

    /// The active faults and the latest that have ended, oldest first.
    package mutating func report(at now: EpochMilliseconds) -> FaultReport {
        expire(at: now)
        return FaultReport(active: active.map { $0.json() }, past: past.map { $0.json() })
    }
}

/// The faults of a double, or of several, as `GET /control/faults` lists them.
package struct FaultReport: Sendable {
    package var active: [JSONValue]
    package var past: [JSONValue]
}

/// A double whose faults are ordered over the control API of the local Discord.
package protocol FaultyDouble: Sendable {
    var faultTarget: FaultTarget { get }
    /// Every kind of fault that it has.
    var faultCatalogue: [JSONValue] { get }
    /// Begins a fault.
    ///
    /// - Returns: the fault's id.
    func order(_ fault: FaultOrder) throws(FaultRefused) -> String
    func faultReport() -> FaultReport
    /// Ends a fault; false when none has that id.
    func endFault(_ id: String) -> Bool
    func clearFaults()
}
