import BusContract
import DiscordModel
import DurableEvents
import Logging
import ServiceKit
import Synchronization
import WebSocketClient

/// What the session sends: the machine's wishes at once, all else in line within Discord's limits.
extension ShardSession {
    /// Puts a voice move in line.
    func updateVoiceState(guild: GuildID, channel: ChannelID?, selfMute: Bool, selfDeaf: Bool) {
        let payload = GatewayPayloads.voiceState(guild: guild, channel: channel, selfMute: selfMute, selfDeaf: selfDeaf)
        budget.withLock { $0.enqueue(.voice(guild), payload) }
        flushBudget()
    }

    /// Asks for members of a guild and waits for the whole answer.
    ///
    /// - Throws: `MemberDesk.Failure`, `CancellationError`.
    func members(
        of guild: GuildID,
        _ wanted: MemberRequests.Wanted,
        before deadline: ContinuousClock.Instant
    ) async throws -> MemberRequests.Found {
        try await context.members.members(of: guild, wanted, before: deadline) { nonce in
            let payload = GatewayPayloads.members(of: guild, wanted, nonce: nonce)
            budget.withLock { $0.enqueue(.members(nonce), payload) }
            flushBudget()
        } withdraw: { nonce in
            budget.withLock { $0.withdraw(.members(nonce)) }
        }
    }

    /// Carries out what the machine wants.
    func perform(_ actions: [SessionMachine.Action]) {
        for action in actions {
            switch action {
            case .sendHeartbeat(let sequence): sendUrgent(GatewayPayloads.heartbeat(sequence.map(acknowledgeable)))
            case .sendIdentify:
                usedPermit.store(true, ordering: .relaxed)
                hasPresence.store(true, ordering: .relaxed)
                let isObserver = context.wantsObserverIntents()
                context.observers.sessionBegan(context.partition, isCapable: isObserver)
                sendUrgent(
                    GatewayPayloads.identify(
                        token: context.token.reveal(),
                        intents: isObserver ? .observer : .companion,
                        shard: context.partition.shard,
                        shards: context.shards,
                        presence: context.presence
                    )
                )
            case .sendResume(let session):
                sendUrgent(GatewayPayloads.resume(token: context.token.reveal(), session: session))
            case .close(let code):
                open.withLock { $0 }?.close(code: WebSocketCloseCode(rawValue: code.rawValue))
            case .sessionLost(let reason):
                context.metrics.lostSessions.increment()
                lossReason.withLock { $0 = reason }
                context.members.sessionLost()
                logger.warning(
                    "the session is lost: events may be missing until the next one",
                    metadata: ["why": "\(reason)"]
                )
            }
        }
    }

    /// Discord may forget what it was told has arrived: never more than the journal has, or a kill -9 would lose the rest.
    private func acknowledgeable(_ sequence: UInt64) -> UInt64 {
        // In this order: what was handled before nothing waits is written, or never will be.
        guard let writer = ledger.writer, !writer.isSettled else { return sequence }
        return min(sequence, writer.journalled)
    }

    private func sendUrgent(_ payload: String) {
        budget.withLock { $0.noteUrgent(.now) }
        send(payload)
    }

    /// Sends what the limits allow.
    func flushBudget() {
        guard isOnline else { return }
        for payload in budget.withLock({ $0.next(.now) }) { send(payload) }
    }

    private func send(_ payload: String) {
        do {
            try open.withLock { $0 }?.send(text: payload)
        } catch {
            // The read loop learns of a closed connection by itself; a congested one is a zombie soon.
            logger.debug("not sent to Discord", metadata: [LogKey.error: "\(error)"])
        }
    }
}
