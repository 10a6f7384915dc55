import BusContract
import DiscordModel
import FoundationEssentials
import ServiceKit
import Synchronization

/// How one bot is, for the fleet's status, the health page and the bus.
final class BotStatusBoard: Sendable {
    private struct Board {
        var status: BotStatus
        var shards = ShardStates()

        mutating func set(_ state: BotState, _ reason: String) {
            if status.state != state { status.since = BotStatusBoard.now }
            status.state = state
            status.reason = reason
            if state != .online { status.shardsOnline = 0 }
        }
    }

    private let board: Mutex<Board>
    private let health: HealthComponent
    private let onChange: @Sendable (BotStatus) -> Void

    init(bot: BotID, isPrimary: Bool, health: HealthComponent, onChange: @escaping @Sendable (BotStatus) -> Void) {
        board = Mutex(Board(status: BotStatus(bot: bot, state: .stopped, primary: isPrimary, since: Self.now)))
        self.health = health
        self.onChange = onChange
    }

    var current: BotStatus { board.withLock { $0.status } }

    /// As far as these of the process's shards are concerned.
    func status(of shards: Set<Int>) -> BotStatus {
        board.withLock { board in
            var status = board.status
            // Before its shards speak for it there is one state for all.
            guard !board.shards.isSilent, shards != Set(board.shards.own) else { return status }
            (status.state, status.reason) = board.shards.summary(of: shards.sorted())
            status.shardsOnline = board.shards.onlineCount(of: shards)
            return status
        }
    }

    /// The shards of this process that run or are on their way.
    var usableShards: [Int] {
        board.withLock { board in
            switch board.status.state {
            case .online, .resuming, .connecting: board.shards.own.map { $0 }
            default: []
            }
        }
    }

    /// The bot as a whole, while none of its shards has anything to say.
    func report(_ state: BotState, _ reason: String) {
        change { board in
            board.shards = ShardStates(own: board.shards.own)
            board.set(state, reason)
        }
    }

    /// Its shards speak for it from now on.
    func begin(_ plan: ShardPlan) {
        change { board in
            board.status.shards = plan.count
            board.shards = ShardStates(own: plan.own)
        }
    }

    func report(shard: Int, _ state: BotState, _ reason: String) {
        change { board in
            board.shards.note(shard, state, reason)
            let (state, reason) = board.shards.summary(of: board.shards.own)
            board.set(state, reason)
            board.status.shardsOnline = board.shards.onlineCount(of: board.shards.own)
        }
    }

    private func change(_ body: (inout Board) -> Void) {
        let changed = board.withLock { board -> BotStatus? in
            let before = board.status
            body(&board)
            return board.status == before ? nil : board.status
        }
        guard let changed else { return }
        switch changed.state {
        // A bot that is meant to be away is no fault of the process's.
        case .online, .stopped: health.ready(changed.reason.isEmpty ? changed.state.rawValue : changed.reason)
        default: health.notReady(changed.reason.isEmpty ? changed.state.rawValue : changed.reason)
        }
        onChange(changed)
    }

    func identify(_ identity: BotIdentity) {
        board.withLock { board in
            board.status.user = identity.user
            board.status.username = identity.username
            board.status.application = identity.application
        }
    }

    private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}

/// How one shard is: its place on the bot's board.
struct ShardStatus: Sendable {
    let board: BotStatusBoard
    let shard: Int

    func report(_ state: BotState, _ reason: String) {
        board.report(shard: shard, state, reason)
    }
}

/// How the shards of one bot are, and what that makes of the bot.
struct ShardStates: Sendable {
    let own: Range<Int>
    private var states: [Int: (state: BotState, reason: String)] = [:]

    init(own: Range<Int> = 0..<1) {
        self.own = own
    }

    mutating func note(_ shard: Int, _ state: BotState, _ reason: String) {
        guard own.contains(shard) else { return }
        states[shard] = (state, reason)
    }

    /// Whether none has said anything.
    var isSilent: Bool { states.isEmpty }

    func onlineCount(of shards: some Collection<Int>) -> Int {
        shards.count { states[$0]?.state == .online }
    }

    /// What some of the shards, in order, make of the bot.
    ///
    /// It is online with the first of them: most of its guilds may have it. Its reason then names what is missing.
    func summary(of shards: some Collection<Int>) -> (state: BotState, reason: String) {
        let away = shards.first { states[$0]?.state != .online }
        guard let away else { return (.online, "") }
        let its = states[away] ?? (.connecting, "")
        if own.count == 1 { return its }
        let online = onlineCount(of: shards)
        let why = its.reason.isEmpty ? its.state.rawValue : its.reason
        return (
            online > 0 ? .online : its.state, "\(online) of \(shards.count) shards are up; shard \(away): \(why)"
        )
    }
}
