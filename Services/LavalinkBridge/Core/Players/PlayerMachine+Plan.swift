import DiscordModel
import LavalinkModel
import Store

// The next step towards what is wanted.

extension PlayerMachine {
    /// Nothing while a call is under way: its answer plans again.
    mutating func plan(pool: NodePool, now: Instant) -> [Action] {
        guard flight == nil else { return [] }
        guard let desired else { return dismantle(pool: pool) }
        if let retryAt, now < retryAt, node.map({ !pool.isLost(key.bot, at: $0) }) ?? true { return [] }
        var actions = place(desired, pool: pool, now: now)
        if voice.phase == .out, !needsInspection {
            let join =
                voiceIsUnknown
                ? voice.wantAnew(desired.channel, now: now) : voice.want(desired.channel, now: now)
            voiceIsUnknown = false
            actions += perform(join, now: now)
        }
        guard let node, let ready = pool.ready(key.bot, at: node) else { return actions }
        if ready.epoch != epoch {
            epoch = ready.epoch
            applied = nil
        }
        if needsInspection {
            needsInspection = false
            flight = .inspect(ticket: nextTicket())
            return actions + [.inspect(node, ticket: lastTicket)]
        }
        return actions + reconcile(desired, at: node, now: now)
    }

    /// Sees to it that the player has a node that is not lost.
    private mutating func place(_ desired: DesiredPlayer, pool: NodePool, now: Instant) -> [Action] {
        if node.map({ pool.isLost(key.bot, at: $0) }) ?? true {
            // Nothing to look at there; what was playing goes on elsewhere, at its position.
            needsInspection = false
            applied = nil
            clock?.freeze(now: now)
            node = pool.best(for: key.bot, source: desired.source)
            guard let node else { return [] }
            epoch = pool.ready(key.bot, at: node)?.epoch
            failures = 0
            retryAt = nil
            return [.assigned(node), .save]
        }
        guard failures >= 3, let old = node,
            let other = pool.best(for: key.bot, source: desired.source, excluding: [old])
        else { return [] }
        // The socket lives but the node does not answer.
        node = other
        epoch = pool.ready(key.bot, at: other)?.epoch
        applied = nil
        needsInspection = false
        failures = 0
        return [.destroy(old), .assigned(other), .save]
    }

    /// One update that takes the node from what it has to what is wanted.
    private mutating func reconcile(_ desired: DesiredPlayer, at node: NodeName, now: Instant) -> [Action] {
        guard voice.phase == .connected, let credentials = voice.credentials else { return [] }
        let target = Applied(
            voiceGeneration: voice.generation,
            entry: wantedEntry,
            paused: desired.paused,
            volume: desired.volume
        )
        guard applied != target else {
            guard observedGeneration < desired.generation else { return [] }
            observedGeneration = desired.generation
            return [.save]
        }
        var update = PlayerUpdate()
        if applied?.voiceGeneration != target.voiceGeneration { update.voice = credentials }
        if applied?.volume != target.volume { update.volume = target.volume }
        if applied?.paused != target.paused { update.paused = target.paused }
        var position: Int64?
        if let entry = target.entry, applied?.entry != entry {
            let start = clock?.entry == entry ? clock?.position(now: now) ?? 0 : desired.startPosition
            position = start
            update.track = .init(
                encoded: EncodedTrack(desired.encoded),
                userData: ["entry": .string(entry.rawValue), "bot": .string(key.bot.rawValue)]
            )
            update.position = start
            // A new track plays at once unless it is told not to.
            update.paused = target.paused
        } else if target.entry == nil, applied?.entry != nil {
            update.track = .init(encoded: nil)
        }
        flight = .update(
            ticket: nextTicket(),
            result: target,
            generation: desired.generation,
            position: position
        )
        return [.update(node, update, ticket: lastTicket)]
    }

    /// Nothing is wanted: the node's player and the bot's place in its channel go.
    private mutating func dismantle(pool: NodePool) -> [Action] {
        var actions: [Action] = []
        if let node {
            if pool.ready(key.bot, at: node) != nil {
                actions.append(.destroy(node))
            } else if !pool.isLost(key.bot, at: node) {
                // The node will be told when its session stands again.
                return []
            }
            self.node = nil
            applied = nil
            clock = nil
        }
        guard voice.phase == .out, !voiceIsUnknown else { return actions }
        return actions + [.finished]
    }

    private mutating func nextTicket() -> Int {
        lastTicket += 1
        return lastTicket
    }
}
