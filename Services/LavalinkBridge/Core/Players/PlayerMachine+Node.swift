import BusContract
import DiscordModel
package import LavalinkModel
package import Store

// What nodes say: sessions that come and go, events, positions.

extension PlayerMachine {
    /// The bot's session at a node stands.
    package mutating func sessionReady(
        at node: NodeName,
        resumed: Bool,
        epoch: Int,
        pool: NodePool,
        now: Instant
    ) -> [Action] {
        if node == self.node {
            self.epoch = epoch
            needsInspection = resumed
            if !resumed {
                applied = nil
                clock?.freeze(now: now)
            }
        }
        return plan(pool: pool, now: now)
    }

    /// The connection to the node is gone, for the moment or for good.
    package mutating func sessionLost(at node: NodeName, pool: NodePool, now: Instant) -> [Action] {
        guard node == self.node else { return plan(pool: pool, now: now) }
        clock?.freeze(now: now)
        return [.save] + plan(pool: pool, now: now)
    }

    /// An event of the player. One of a node that the player has left says nothing any more.
    package mutating func event(
        _ kind: PlayerEvent.Kind,
        from node: NodeName,
        pool: NodePool,
        now: Instant
    ) -> [Action] {
        guard node == self.node else { return [] }
        var actions: [Action] = []
        switch kind {
        case .trackStart(let track):
            actions = trackStarted(track, now: now)
        case .trackEnd(let track, let reason):
            actions = trackEnded(track, reason, now: now)
        case .trackException(let track, let exception):
            // A TrackEndEvent follows by itself.
            let position = clock?.position(now: now) ?? 0
            let message = exception.message ?? exception.cause
            actions = [.report(.trackException, entry: track.entry, reason: message, position: position)]
        case .trackStuck(let track, _):
            actions = trackStuck(track, now: now)
        case .webSocketClosed(let code, _, _):
            let generation = applied?.voiceGeneration ?? -1
            let close = VoiceCloseCode(rawValue: code)
            actions = perform(voice.closed(code: close, generation: generation, now: now), now: now)
        case .unknown:
            return []
        }
        return actions + plan(pool: pool, now: now)
    }

    /// Where the player is.
    package mutating func state(_ state: PlayerState, from node: NodeName, now: Instant) -> [Action] {
        guard node == self.node, clock != nil, applied?.entry == clock?.entry else { return [] }
        let running = state.connected && applied?.paused == false
        clock?.set(position: state.position, now: now, isRunning: running)
        return [.save]
    }

    private mutating func trackStarted(_ track: LavalinkTrack, now: Instant) -> [Action] {
        guard let entry = track.entry, entry != ended?.entry else { return [] }
        let position = clock?.entry == entry ? clock?.position(now: now) ?? 0 : 0
        clock = PositionClock(entry: entry, position: position, now: now, isRunning: true)
        return [.save, .report(.trackStart, entry: entry, reason: "", position: position)]
    }

    private mutating func trackEnded(_ track: LavalinkTrack, _ reason: TrackEndReason, now: Instant) -> [Action] {
        guard let entry = track.entry else { return [] }
        if reason.mayStartNext {
            if applied?.entry == entry { applied?.entry = nil }
            guard desired?.entry == entry else { return [] }
            if reason == .finished { stuckInARow = 0 }
            return finish(entry, reason: reason.rawValue, kind: .trackEnd, now: now)
        }
        // `stopped` and `replaced` are our own doing. `cleanup` is not: the node gave the player up, its voice is dead.
        guard reason == .cleanup, applied?.entry == entry else { return [] }
        applied?.entry = nil
        clock?.freeze(now: now)
        return [.save] + perform(voice.refused(generation: voice.generation, now: now), now: now)
    }

    private mutating func trackStuck(_ track: LavalinkTrack, now: Instant) -> [Action] {
        guard let entry = track.entry, entry == desired?.entry, entry != ended?.entry else { return [] }
        stuckInARow += 1
        // One track that gets stuck is the track's fault; the second in a row is the connection's.
        guard stuckInARow > 1, voice.phase == .connected else {
            return finish(entry, reason: "stuck", kind: .trackStuck, now: now)
        }
        stuckInARow = 0
        applied?.entry = nil
        clock?.freeze(now: now)
        return perform(voice.refused(generation: voice.generation, now: now), now: now)
    }
}

extension LavalinkTrack {
    /// Our queue's entry, as we gave it to the node with the track.
    package var entry: QueueEntryID? {
        userData["entry"]?.string.map(QueueEntryID.init(rawValue:))
    }
}
