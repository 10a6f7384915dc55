import BusContract
package import DiscordModel
import Store

// What Discord says about the bot's own voice, passed to the handshake.

extension PlayerMachine {
    /// The bot's own `VOICE_STATE_UPDATE`.
    package mutating func voiceState(
        sessionID: String,
        channel: ChannelID?,
        pool: NodePool,
        now: Instant
    ) -> [Action] {
        let actions = voice.voiceState(sessionID: sessionID, channel: channel, now: now)
        return perform(actions, now: now) + plan(pool: pool, now: now)
    }

    /// `VOICE_SERVER_UPDATE`.
    package mutating func voiceServer(
        token: String,
        endpoint: String?,
        pool: NodePool,
        now: Instant
    ) -> [Action] {
        let actions = voice.voiceServer(token: token, endpoint: endpoint, now: now)
        return perform(actions, now: now) + plan(pool: pool, now: now)
    }

    /// The bot's gateway session was made anew.
    package mutating func gatewayIdentified(now: Instant) -> [Action] {
        perform(voice.gatewayIdentified(now: now), now: now)
    }

    /// The bot's gateway session was resumed.
    package mutating func gatewayResumed(now: Instant) -> [Action] {
        perform(voice.gatewayResumed(now: now), now: now)
    }

    /// An opcode 4 did not reach the gateway.
    package mutating func joinFailed(now: Instant) -> [Action] {
        perform(voice.requestFailed(now: now), now: now)
    }

    mutating func perform(_ actions: [VoiceHandshake.Action], now: Instant) -> [Action] {
        actions.flatMap { action -> [Action] in
            switch action {
            case .join(let channel): return [.join(channel)]
            case .leave: return [.leave]
            // The plan compares generations.
            case .ready: return []
            case .moved(let channel):
                return [.save, .report(.moved, entry: nil, reason: "\(channel)", position: 0)]
            case .nodeUnfit:
                guard let node else { return [] }
                return [.nodeUnfit(node)]
            case .lost(let loss):
                lost = loss.rawValue
                lostGeneration = desired?.generation ?? 0
                clock?.freeze(now: now)
                let position = clock?.position(now: now) ?? 0
                return [.save, .report(.disconnected, entry: clock?.entry, reason: loss.rawValue, position: position)]
            }
        }
    }
}
