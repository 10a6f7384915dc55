package import BusContract
package import DiscordModel
package import LavalinkModel
package import Store

/// Holds every player's machine and the node pool, and hands their actions to whoever performs them.
///
/// All inputs come through here one after another, keyed by bot and guild: an event of one bot's session can reach that
/// bot's players only. It does no I/O; `PlayerPerformer` takes the effects.
package actor PlayerSupervisor {
    package typealias Instant = ContinuousClock.Instant

    /// Something that has to be done outside, and whose outcome comes back as an input.
    package enum Effect: Sendable {
        case update(PlayerKey, NodeName, LavalinkSessionID, PlayerUpdate, ticket: Int)
        case inspect(PlayerKey, NodeName, LavalinkSessionID, ticket: Int)
        case destroy(PlayerKey, NodeName, LavalinkSessionID)
        /// Opcode 4 requests of that player wait in ``nextVoiceRequest(_:)``.
        case voice(PlayerKey)
        /// Rows and reports wait in ``takeWrites()``.
        case write
        /// Players that the node has kept may belong to nobody any more.
        case sweep(BotID, NodeName, LavalinkSessionID)
    }

    /// What is to be written and told, rows first.
    package struct Writes: Sendable {
        package var saves: [ObservedPlayer] = []
        package var removals: [PlayerKey] = []
        package var reports: [ReportPlayer] = []

        package var isEmpty: Bool { saves.isEmpty && removals.isEmpty && reports.isEmpty }
    }

    /// What the performer reads. It is not bounded by a number because each player has one REST call and one voice
    /// request under way at most.
    package nonisolated let effects: AsyncStream<Effect>

    private let output: AsyncStream<Effect>.Continuation
    private let clock: @Sendable () -> Instant
    private let patience: VoiceHandshake.Patience
    private var pool: NodePool
    private var machines: [PlayerKey: PlayerMachine] = [:]
    private var voiceRequests: [PlayerKey: [ChannelID?]] = [:]
    private var voiceBusy: Set<PlayerKey> = []
    /// Bots whose voice events reach us. Discord answers an opcode 4 by such events alone, and at once: a request for
    /// another bot waits.
    private var heard: Set<BotID> = []
    private var dirty: Set<PlayerKey> = []
    private var removed: Set<PlayerKey> = []
    private var reports: [ReportPlayer] = []
    private var writeIsDue = false
    private var lastRead = 0
    private var appliedReads: [PlayerKey: Int] = [:]

    package init(
        pool: NodePool,
        patience: VoiceHandshake.Patience = .init(),
        clock: @escaping @Sendable () -> Instant = { .now }
    ) {
        self.pool = pool
        self.patience = patience
        self.clock = clock
        (effects, output) = AsyncStream.makeStream(of: Effect.self, bufferingPolicy: .unbounded)
    }

    /// The number of players.
    package var count: Int { machines.count }

    /// The players that nodes play at present.
    package var playing: Int { machines.values.count { $0.clock?.isRunning == true } }

    package var currentPool: NodePool { pool }

    // MARK: - Rows

    /// Takes over what an earlier process left behind.
    package func restore(_ rows: [ObservedPlayer]) {
        let now = clock()
        for row in rows where machines[row.key] == nil {
            machines[row.key] = PlayerMachine(observed: row, patience: patience, now: now)
        }
    }

    /// Call before reading `player_desired`; the number says which of two readings is the newer.
    package func beginRead() -> Int {
        lastRead += 1
        return lastRead
    }

    /// Takes what a reading found for one player.
    package func apply(_ row: DesiredPlayer?, for key: PlayerKey, read: Int) {
        guard read > appliedReads[key] ?? 0 else { return }
        appliedReads[key] = read
        if machines[key] == nil {
            guard row != nil else { return }
            machines[key] = PlayerMachine(key: key, patience: patience)
            removed.remove(key)
        }
        change(key) { machine, pool, now in machine.want(row, pool: pool, now: now) }
    }

    /// Takes what a reading of the whole table found.
    package func apply(_ rows: [DesiredPlayer], read: Int) {
        let found = Dictionary(rows.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        for key in Set(machines.keys).union(found.keys) {
            apply(found[key], for: key, read: read)
        }
        appliedReads = appliedReads.filter { machines[$0.key] != nil || $0.value >= read }
    }

    // MARK: - Nodes

    package func sessionReady(_ bot: BotID, at node: NodeName, session: LavalinkSessionID, resumed: Bool) {
        let epoch = pool.sessionReady(bot, at: node, session: session, resumed: resumed)
        changeAll(of: bot) { machine, pool, now in
            machine.sessionReady(at: node, resumed: resumed, epoch: epoch, pool: pool, now: now)
        }
        if resumed { output.yield(.sweep(bot, node, session)) }
    }

    package func sessionSuspect(_ bot: BotID, at node: NodeName) {
        pool.sessionSuspect(bot, at: node)
        changeAll(of: bot) { machine, pool, now in machine.sessionLost(at: node, pool: pool, now: now) }
    }

    package func sessionDown(_ bot: BotID, at node: NodeName) {
        pool.sessionDown(bot, at: node)
        changeAll(of: bot) { machine, pool, now in machine.sessionLost(at: node, pool: pool, now: now) }
    }

    package func stats(_ stats: NodeStats, of node: NodeName) {
        pool.stats(stats, of: node)
    }

    package func info(_ info: NodeInfo, of node: NodeName) {
        pool.info(info, of: node)
    }

    package func event(_ event: PlayerEvent, of bot: BotID, at node: NodeName) {
        change(PlayerKey(bot: bot, guild: event.guildId)) { machine, pool, now in
            machine.event(event.kind, from: node, pool: pool, now: now)
        }
    }

    package func state(_ state: PlayerState, of key: PlayerKey, at node: NodeName) {
        change(key) { machine, _, now in machine.state(state, from: node, now: now) }
    }

    /// Of the guilds whose players a node has kept for a bot, those that nobody plays there any more.
    package func strangers(among guilds: [GuildID], of bot: BotID, at node: NodeName) -> [GuildID] {
        guilds.filter { machines[PlayerKey(bot: bot, guild: $0)]?.node != node }
    }

    // MARK: - Answers

    package func updated(_ player: LavalinkPlayer, _ key: PlayerKey, ticket: Int) {
        change(key) { machine, pool, now in machine.updated(player, ticket: ticket, pool: pool, now: now) }
    }

    package func inspected(_ player: LavalinkPlayer?, _ key: PlayerKey, ticket: Int) {
        change(key) { machine, pool, now in machine.inspected(player, ticket: ticket, pool: pool, now: now) }
    }

    package func failed(_ failure: PlayerMachine.Failure, _ key: PlayerKey, ticket: Int) {
        change(key) { machine, pool, now in machine.failed(failure, ticket: ticket, pool: pool, now: now) }
    }

    // MARK: - Voice

    package func voiceState(_ key: PlayerKey, sessionID: String, channel: ChannelID?) {
        change(key) { machine, pool, now in
            machine.voiceState(sessionID: sessionID, channel: channel, pool: pool, now: now)
        }
    }

    package func voiceServer(_ key: PlayerKey, token: String, endpoint: String?) {
        change(key) { machine, pool, now in
            machine.voiceServer(token: token, endpoint: endpoint, pool: pool, now: now)
        }
    }

    /// From now on the bot's voice events arrive.
    package func hears(_ bot: BotID) {
        guard heard.insert(bot).inserted else { return }
        for key in voiceRequests.keys where key.bot == bot { startVoice(key) }
    }

    package func gatewayIdentified(_ bot: BotID) {
        changeAll(of: bot) { machine, _, now in machine.gatewayIdentified(now: now) }
    }

    package func gatewayResumed(_ bot: BotID) {
        changeAll(of: bot) { machine, _, now in machine.gatewayResumed(now: now) }
    }

    /// The next opcode 4 of a player: a channel, or nil to leave; the outer nil = none waits, and the turn is given back.
    package func nextVoiceRequest(_ key: PlayerKey) -> ChannelID?? {
        guard var waiting = voiceRequests[key], !waiting.isEmpty else {
            voiceRequests[key] = nil
            voiceBusy.remove(key)
            return .none
        }
        let next = waiting.removeFirst()
        voiceRequests[key] = waiting
        return .some(next)
    }

    package func voiceRequestFailed(_ key: PlayerKey) {
        change(key) { machine, _, now in machine.joinFailed(now: now) }
    }

    // MARK: - Time

    /// Lets every machine act whose deadline has come.
    package func tick() {
        let now = clock()
        for (key, machine) in machines {
            guard let deadline = machine.deadline, deadline <= now else { continue }
            change(key) { machine, pool, now in machine.tick(pool: pool, now: now) }
        }
    }

    /// The earliest deadline of all machines.
    package var deadline: Instant? {
        machines.values.compactMap(\.deadline).min()
    }

    // MARK: - Writing

    /// Everything that waits to be written; the positions are of this moment, `epochMilliseconds`.
    package func takeWrites(epochMilliseconds: Int64) -> Writes {
        let now = clock()
        var writes = Writes()
        for key in dirty {
            guard var row = machines[key]?.observed(now: now) else { continue }
            row.positionAt = epochMilliseconds
            writes.saves.append(row)
        }
        writes.removals = Array(removed)
        writes.reports = reports
        dirty = []
        removed = []
        reports = []
        writeIsDue = false
        return writes
    }

    /// The database did not take them: they wait for the next time, rows as they then are.
    package func giveBack(_ writes: Writes) {
        dirty.formUnion(writes.saves.map(\.key).filter { machines[$0] != nil })
        removed.formUnion(writes.removals.filter { machines[$0] == nil })
        reports = writes.reports + reports
    }

    // MARK: -

    private func changeAll(
        of bot: BotID,
        _ body: (inout PlayerMachine, NodePool, Instant) -> [PlayerMachine.Action]
    ) {
        for key in machines.keys where key.bot == bot {
            change(key, body)
        }
    }

    private func change(_ key: PlayerKey, _ body: (inout PlayerMachine, NodePool, Instant) -> [PlayerMachine.Action]) {
        guard var machine = machines[key] else { return }
        let actions = body(&machine, pool, clock())
        machines[key] = machine
        for action in actions { perform(action, key) }
    }

    private func perform(_ action: PlayerMachine.Action, _ key: PlayerKey) {
        switch action {
        case .join(let channel): requestVoice(channel, key)
        case .leave: requestVoice(nil, key)
        case .update(let node, let update, let ticket):
            guard let ready = pool.ready(key.bot, at: node) else { return failed(.sessionGone, key, ticket: ticket) }
            output.yield(.update(key, node, ready.session, update, ticket: ticket))
        case .inspect(let node, let ticket):
            guard let ready = pool.ready(key.bot, at: node) else { return failed(.sessionGone, key, ticket: ticket) }
            output.yield(.inspect(key, node, ready.session, ticket: ticket))
        case .destroy(let node):
            guard let ready = pool.ready(key.bot, at: node) else { return }
            output.yield(.destroy(key, node, ready.session))
        case .assigned(let node):
            pool.assigned(to: node)
        case .nodeUnfit(let node):
            pool.unfit(node)
            for other in machines.keys where machines[other]?.node == node {
                change(other) { machine, pool, now in machine.sessionLost(at: node, pool: pool, now: now) }
            }
        case .save:
            dirty.insert(key)
            requestWrite()
        case .report(let kind, let entry, let reason, let position):
            reports.append(
                ReportPlayer(
                    bot: key.bot,
                    guild: key.guild,
                    kind: kind,
                    entry: entry?.rawValue ?? "",
                    generation: machines[key]?.desired?.generation ?? 0,
                    reason: reason,
                    position: position
                )
            )
            requestWrite()
        case .finished:
            machines[key] = nil
            dirty.remove(key)
            removed.insert(key)
            requestWrite()
        }
    }

    private func requestVoice(_ channel: ChannelID?, _ key: PlayerKey) {
        voiceRequests[key, default: []].append(channel)
        if heard.contains(key.bot) { startVoice(key) }
    }

    private func startVoice(_ key: PlayerKey) {
        if voiceBusy.insert(key).inserted { output.yield(.voice(key)) }
    }

    private func requestWrite() {
        guard !writeIsDue else { return }
        writeIsDue = true
        output.yield(.write)
    }
}
