import BusContract
import DiscordModel
package import LavalinkModel
import Store

// Answers to the REST calls that the plan asked for. An answer with another ticket is late and says nothing.

extension PlayerMachine {
    /// The node has taken an update.
    package mutating func updated(_ player: LavalinkPlayer, ticket: Int, pool: NodePool, now: Instant) -> [Action] {
        guard case .update(ticket, var result, let generation, let position) = flight else { return [] }
        flight = nil
        failures = 0
        retryAt = nil
        // It may have ended before the answer came.
        if result.entry == ended?.entry { result.entry = nil }
        applied = result
        observedGeneration = max(observedGeneration, generation)
        if let entry = result.entry {
            let start = max(position ?? clock?.position(now: now) ?? 0, player.state.position)
            clock = PositionClock(entry: entry, position: start, now: now, isRunning: !result.paused)
        } else {
            clock = nil
        }
        return [.save] + plan(pool: pool, now: now)
    }

    /// What the node has; nil = no player of that guild.
    package mutating func inspected(
        _ player: LavalinkPlayer?,
        ticket: Int,
        pool: NodePool,
        now: Instant
    ) -> [Action] {
        guard case .inspect(ticket) = flight else { return [] }
        flight = nil
        failures = 0
        retryAt = nil
        guard let player else {
            applied = nil
            return plan(pool: pool, now: now)
        }
        var actions: [Action] = []
        var found = Applied(voiceGeneration: -1, entry: nil, paused: player.paused, volume: player.volume)
        if voice.phase == .out, player.state.connected, let channel = player.voice.channelId,
            channel == desired?.channel
        {
            voice.adopt(player.voice)
            voiceIsUnknown = false
        }
        if voice.credentials == player.voice { found.voiceGeneration = voice.generation }
        if let entry = player.track?.entry {
            found.entry = entry
            let running = player.state.connected && !player.paused
            clock = PositionClock(entry: entry, position: player.state.position, now: now, isRunning: running)
        } else if let entry = clock?.entry, entry == desired?.entry {
            // It was playing when we last looked, and is not now: it ended while nobody listened.
            actions = finish(entry, reason: TrackEndReason.finished.rawValue, kind: .trackEnd, now: now)
        }
        applied = found
        return actions + [.save] + plan(pool: pool, now: now)
    }

    /// The call failed.
    package mutating func failed(_ failure: Failure, ticket: Int, pool: NodePool, now: Instant) -> [Action] {
        var actions: [Action] = []
        var track: QueueEntryID?
        switch flight {
        case .update(ticket, let result, let generation, let position):
            if position != nil { track = result.entry }
            // A node that refuses these values again and again is not asked until music wants something else.
            if case .invalid = failure, failures >= 2 {
                applied = result
                observedGeneration = max(observedGeneration, generation)
            }
        case .inspect(ticket): break
        default: return []
        }
        flight = nil
        failures += 1
        retryAt = now + .milliseconds(min(200 << min(failures - 1, 5), 5000))
        switch failure {
        case .sessionGone:
            needsInspection = true
        case .voiceRefused:
            needsInspection = true
            actions += perform(voice.refused(generation: voice.generation, now: now), now: now)
        case .invalid:
            if let track {
                actions += finish(track, reason: TrackEndReason.loadFailed.rawValue, kind: .trackEnd, now: now)
            }
        case .unreachable:
            needsInspection = true
        }
        return actions + plan(pool: pool, now: now)
    }

    /// An entry has ended by itself; said once.
    mutating func finish(
        _ entry: QueueEntryID,
        reason: String,
        kind: PlayerReportKind,
        now: Instant
    ) -> [Action] {
        let position = clock?.entry == entry ? clock?.position(now: now) ?? 0 : 0
        if applied?.entry == entry { applied?.entry = nil }
        if clock?.entry == entry { clock = nil }
        guard ended?.entry != entry else { return [] }
        ended = EndedEntry(entry: entry, reason: reason)
        return [.save, .report(kind, entry: entry, reason: reason, position: position)]
    }
}
