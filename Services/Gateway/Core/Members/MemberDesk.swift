import DiscordModel
import FoundationEssentials
import Logging
import ServiceKit
import Synchronization

/// One shard's requests for members, over its sessions: who waits for which answer.
final class MemberDesk: Sendable {
    /// Why there is no answer.
    enum Failure: Error, Equatable {
        /// Discord allows no further request for all members before that many seconds.
        case limited(seconds: Int)
        case overloaded
        /// The session ended, and the answer with it.
        case sessionLost
        /// Discord said nothing in time; a guild that the bot is not in is met with silence.
        case timedOut
    }

    private enum Answer: Sendable {
        case found(MemberRequests.Found)
        case limited
        case lost
    }

    private struct State {
        var requests = MemberRequests()
        var waiters: [String: [UInt64: AsyncStream<Answer>.Continuation]] = [:]
        var nextWaiter: UInt64 = 0
    }

    private let logger: Logger
    private let state = Mutex(State())

    init(logger: Logger) {
        self.logger = logger
    }

    /// Asks for members and waits for all chunks of the answer.
    ///
    /// - Parameters:
    ///   - send: puts a request in the session's line.
    ///   - withdraw: takes it out again, because nobody waits any more.
    /// - Throws: `Failure`, `CancellationError`.
    func members(
        of guild: GuildID,
        _ wanted: MemberRequests.Wanted,
        before deadline: ContinuousClock.Instant,
        send: @Sendable (_ nonce: String) -> Void,
        withdraw: @Sendable (_ nonce: String) -> Void
    ) async throws -> MemberRequests.Found {
        while true {
            let (decision, ticket) = begin(guild, wanted)
            switch decision {
            case .refuse: throw Failure.overloaded
            case .wait(let until):
                guard until < deadline else {
                    throw Failure.limited(seconds: Int((until - .now).components.seconds) + 1)
                }
                try await Task.sleep(until: until, clock: .continuous)
                continue
            case .send(let nonce): send(nonce)
            case .join: break
            }
            guard let ticket else { throw Failure.overloaded }
            let answer: Answer?
            do {
                defer { if leave(ticket) { withdraw(ticket.nonce) } }
                answer = try await withDeadline(max(deadline - .now, .milliseconds(1))) {
                    await ticket.answers.first { _ in true }
                }
            } catch is DeadlineExceeded {
                throw Failure.timedOut
            }
            switch answer {
            case .found(let found): return found
            case .limited: continue
            case .lost: throw Failure.sessionLost
            case nil: throw CancellationError()
            }
        }
    }

    /// GUILD_MEMBERS_CHUNK or RATE_LIMITED has come.
    func received(_ event: DiscordEventName, _ data: [UInt8]) {
        do {
            if event == .guildMembersChunk {
                let chunk = try JSONDecoder().decode(GuildMembersChunk.self, from: Data(data))
                state.withLock { state in
                    guard let (nonce, found) = state.requests.received(chunk) else { return }
                    Self.answer(.found(found), nonce, &state)
                }
            } else {
                let refusal = try JSONDecoder().decode(GatewayRateLimited.self, from: Data(data))
                guard refusal.opcode == GatewayOpcode.requestGuildMembers.rawValue, let guild = refusal.meta?.guildID
                else { return }
                let pause = Duration.milliseconds(Int64(min(max(refusal.retryAfter, 0), 3600) * 1000))
                state.withLock { state in
                    let nonce = state.requests.limited(
                        guild,
                        nonce: refusal.meta?.nonce,
                        retryAfter: pause,
                        .now
                    )
                    if let nonce { Self.answer(.limited, nonce, &state) }
                }
            }
        } catch {
            logger.warning(
                "an answer to a request for members cannot be read",
                metadata: ["event": "\(event.rawValue)", LogKey.error: "\(error)"]
            )
        }
    }

    /// The session is gone, and what it was asked.
    func sessionLost() {
        state.withLock { state in
            for nonce in state.waiters.keys {
                state.requests.forget(nonce)
                Self.answer(.lost, nonce, &state)
            }
        }
    }

    // MARK: -

    private struct Ticket {
        let nonce: String
        let id: UInt64
        let answers: AsyncStream<Answer>
    }

    private func begin(_ guild: GuildID, _ wanted: MemberRequests.Wanted) -> (MemberRequests.Decision, Ticket?) {
        let fresh = String(UInt64.random(in: .min ... .max), radix: 36)
        return state.withLock { state in
            let decision = state.requests.ask(guild, wanted, nonce: fresh, .now)
            let nonce: String
            switch decision {
            case .send(let used), .join(let used): nonce = used
            case .wait, .refuse: return (decision, nil)
            }
            let (answers, sink) = AsyncStream.makeStream(of: Answer.self, bufferingPolicy: .bufferingOldest(1))
            let id = state.nextWaiter
            state.nextWaiter += 1
            state.waiters[nonce, default: [:]][id] = sink
            return (decision, Ticket(nonce: nonce, id: id, answers: answers))
        }
    }

    /// - Returns: whether nobody waits for that answer any more.
    private func leave(_ ticket: Ticket) -> Bool {
        state.withLock { state in
            guard state.waiters[ticket.nonce]?.removeValue(forKey: ticket.id) != nil else { return false }
            guard state.waiters[ticket.nonce]?.isEmpty == true else { return false }
            state.waiters[ticket.nonce] = nil
            state.requests.forget(ticket.nonce)
            return true
        }
    }

    private static func answer(_ answer: Answer, _ nonce: String, _ state: inout State) {
        for waiter in (state.waiters.removeValue(forKey: nonce) ?? [:]).values {
            waiter.yield(answer)
            waiter.finish()
        }
    }
}
