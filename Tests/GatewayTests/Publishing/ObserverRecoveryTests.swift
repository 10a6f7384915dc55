import BusContract
import DiscordModel
import Synchronization
import Testing

@testable import DurableEvents
@testable import GatewayCore

/// Two bots that can both observe meet a guild, and the gateway dies: in every order of their events and of what is
/// written, at every point.
///
/// Each path is walked on the real `Observers`, `EventHandling` and `JournalBuffer`; only the database is a dictionary.
@Suite("Observers over a gateway's death")
struct ObserverRecoveryTests {
    @Test("Whoever is chosen in the end, the journal has each message once", arguments: [false, true])
    func joined(isKnown: Bool) throws {
        var states = 0
        for lost in try lost(isKnown: isKnown, holds: true) {
            states += 1
            #expect(lost.isEmpty)
        }
        // It has met the guild in every order.
        #expect(states > 200)
    }

    @Test("Streams that are not held back lose messages and keep who was removed: the paths are the right ones")
    func unheld() throws {
        #expect(try lost(isKnown: false, holds: false).contains { !$0.isEmpty })
        #expect(try lost(isKnown: true, holds: false).contains { !$0.isEmpty })
        #expect(try stuck(holds: false).contains { !$0.isEmpty })
    }

    /// For each state, how a message is lost or written twice if the gateway dies in it.
    private func lost(isKnown: Bool, holds: Bool) throws -> [[String]] {
        let script: [Model.Event] = [.create, .message(1), .message(2)]
        return try Model.explore([script, script], holds: holds) { path, before in
            try [[0, 1], [1, 0]].compactMap { order in
                let after = try before.restarted(isKnown: isKnown, order)
                after.finish(order)
                guard after.journal.sorted() != [1, 2] else { return nil }
                return "killed after \(path), back in the order \(order): \(after.journal)"
            }
        }
    }

    @Test("A bot that was removed does not observe after a restart")
    func left() throws {
        let stuck = try stuck(holds: true)
        #expect(stuck.count > 100)
        for stuck in stuck { #expect(stuck.isEmpty) }
    }

    /// For each state, how the guild stays with a bot that was removed if the gateway dies in it.
    private func stuck(holds: Bool) throws -> [[String]] {
        let scripts: [[Model.Event]] = [[.message(1), .delete, .elsewhere], [.message(1), .message(2)]]
        return try Model.explore(scripts, holds: holds, table: 0) { path, before in
            try [[0, 1], [1, 0]].compactMap { order in
                let after = try before.restarted(isKnown: true, order)
                after.finish(order)
                return after.observer == 0 ? "killed after \(path), back in the order \(order)" : nil
            }
        }
    }
}

/// A gateway of two bots in one guild, reduced to what survives a kill and what does not.
private final class Model {
    enum Event: Hashable {
        case create
        case message(Int)
        case delete
        /// An event that is no guild's.
        case elsewhere
    }

    enum Step: Hashable {
        /// The bot's read loop takes its next event.
        case take(Int)
        /// The bot's journal is written as far as it may be.
        case journal(Int)
        case checkpoint(Int)
        /// The row of the observer is committed,
        case commit
        /// and the process has heard of it.
        case heard
    }

    private static let guild = GuildID(7)
    private static let names = ["rainbow", "iris"]

    /// One bot's session and its rows.
    private final class Shard: Sendable {
        struct State {
            var buffer = JournalBuffer()
            var taken: UInt64 = 0
            /// Of the table `streams`.
            var lastSeq: UInt64 = 0
            /// Of the table `journal`: the messages that are in it.
            var journal: [Int] = []
        }

        let state = Mutex(State())

        func hold(_ sequence: UInt64) -> JournalHold {
            state.withLock { $0.buffer.hold(sequence) }
            return JournalHold { [self] in state.withLock { $0.buffer.release(sequence) } }
        }
    }

    private let scripts: [[Event]]
    private let holds: Bool
    private let bots: [BotID]
    private let shards = [Shard(), Shard()]
    private let observers = Observers()
    private var table: [GuildID: BotID]
    private var writing: [GuildID: BotID?]?

    private init(_ scripts: [[Event]], holds: Bool, table: [GuildID: BotID]) throws {
        self.scripts = scripts
        self.holds = holds
        self.table = table
        bots = try Self.names.map { try #require(BotID(rawValue: $0)) }
        observers.load(table)
        for bot in bots { observers.sessionBegan(Partition(bot: bot, shard: 0), isCapable: true) }
    }

    // MARK: Paths

    /// Walks every path, looking at each state once.
    ///
    /// - Parameter table: which bot the table names; it and the other one are in the guild then.
    static func explore<Result>(
        _ scripts: [[Event]],
        holds: Bool = true,
        table: Int? = nil,
        _ look: ([Step], Model) throws -> Result
    ) throws -> [Result] {
        var seen: Set<String> = []
        var results: [Result] = []
        var waiting: [[Step]] = [[]]
        while let path = waiting.popLast() {
            let rows = try table.map { [guild: try #require(BotID(rawValue: names[$0]))] } ?? [:]
            let model = try Model(scripts, holds: holds, table: rows)
            if table != nil {
                for bot in model.bots { model.observers.restored(Partition(bot: bot, shard: 0), in: [guild]) }
            }
            for step in path { model.perform(step) }
            guard seen.insert(model.signature).inserted else { continue }
            for step in model.possible { waiting.append(path + [step]) }
            results.append(try look(path, model))
        }
        return results
    }

    private var signature: String {
        let rows = shards.map { shard in
            shard.state.withLock {
                "\($0.taken) \($0.lastSeq) \($0.journal) \($0.buffer.entries.map(\.seq)) \($0.buffer.canWrite) \($0.buffer.isEmpty)"
            }
        }
        return "\(rows) \(table) \(observer ?? -1) \(observers.isSaved) \(writing == nil)"
    }

    private var possible: [Step] {
        var steps: [Step] = []
        for index in shards.indices {
            let (taken, buffer) = shards[index].state.withLock { ($0.taken, $0.buffer) }
            if Int(taken) < scripts[index].count { steps.append(.take(index)) }
            if buffer.canWrite { steps.append(.journal(index)) }
            if buffer.isEmpty, shards[index].state.withLock({ $0.lastSeq < taken }) { steps.append(.checkpoint(index)) }
        }
        if writing != nil { steps.append(.heard) } else if !observers.isSaved { steps.append(.commit) }
        return steps
    }

    private func perform(_ step: Step) {
        switch step {
        case .take(let index): take(index)
        case .journal(let index):
            shards[index].state.withLock { state in
                let batch = state.buffer.prefix(count: 100, bytes: 1 << 20)
                state.journal += batch.compactMap { $0.seq > state.lastSeq ? $0.payload.first.map { Int($0) } : nil }
                state.lastSeq = max(state.lastSeq, batch.last?.seq ?? 0)
                state.buffer.removeFirst(batch.count)
            }
        case .checkpoint(let index): shards[index].state.withLock { $0.lastSeq = max($0.lastSeq, $0.taken) }
        case .commit:
            let changes = observers.changed()
            for (guild, bot) in changes { table[guild] = bot }
            writing = changes
        case .heard:
            if let writing { observers.saved(writing) }
            writing = nil
        }
    }

    // MARK: One event, as `FrameHandler` does it

    private func take(_ index: Int) {
        let (shard, bot) = (shards[index], bots[index])
        let number = shard.state.withLock { $0.taken + 1 }
        let event = scripts[index][Int(number) - 1]
        var route = EventRoute()
        if event != .elsewhere { route.guildID = Self.guild }
        let name: DiscordEventName =
            switch event {
            case .create: .guildCreate
            case .delete: .guildDelete
            case .message, .elsewhere: .messageCreate
            }
        let isObserver = observers.receives(name, route, by: bot, stream: UInt64(index)) {
            holds ? shard.hold(number - 1) : nil
        }
        let leaving = holds && event == .delete ? shard.hold(number - 1) : nil
        let handling = EventHandling.decide(name, route, receiver: UserID(1), isObserver: isObserver)
        if !handling.isDisjoint(with: [.publish, .announce]) {
            var payload: [UInt8] = []
            if case .message(let id) = event { payload = [UInt8(id)] }
            let entry = JournalEntry(seq: number, event: name.rawValue, header: [], payload: payload)
            _ = shard.state.withLock { $0.buffer.append([entry]) }
        }
        if event == .delete { observers.left(bot, Self.guild, stream: UInt64(index), hold: leaving) }
        shard.state.withLock { $0.taken = number }
    }

    // MARK: The end

    /// The process after a kill -9: it has the rows, and takes up both sessions.
    func restarted(isKnown: Bool, _ order: [Int]) throws -> Model {
        let model = try Model(scripts, holds: holds, table: table)
        for index in order {
            let (last, journal) = shards[index].state.withLock { ($0.lastSeq, $0.journal) }
            model.shards[index].state.withLock { state in
                state.taken = last
                state.lastSeq = last
                state.journal = journal
            }
            let isIn = isKnown && !scripts[index].prefix(Int(last)).contains(.delete)
            model.observers.restored(Partition(bot: bots[index], shard: 0), in: isIn ? [Self.guild] : [])
        }
        return model
    }

    /// Takes all that is left, one bot after the other, and writes it.
    func finish(_ order: [Int]) {
        for index in order {
            while Int(shards[index].state.withLock { $0.taken }) < scripts[index].count { perform(.take(index)) }
        }
        if writing != nil { perform(.heard) }
        while !observers.isSaved {
            perform(.commit)
            perform(.heard)
        }
        for index in order where shards[index].state.withLock({ $0.buffer.canWrite }) { perform(.journal(index)) }
    }

    /// The messages in the journal of both streams.
    var journal: [Int] { shards.flatMap { $0.state.withLock { $0.journal } } }

    /// Which bot observes the guild.
    var observer: Int? { observers.observer(of: Self.guild).flatMap { bots.firstIndex(of: $0) } }
}
