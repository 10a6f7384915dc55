import BusContract
import FoundationEssentials
import Logging
import MessageBus
import Postgres
import ServiceKit

/// Carries effects out through the gateway, again and again until each has ended one way or another.
///
/// It takes effects from the process's own transactions as they commit, some idempotent ones even before, and from the
/// table those that an earlier process left. What it holds in memory is bounded: the rest waits in the table.
actor EffectRunner {
    /// Effects in flight or waiting in memory.
    private static let bound = 2_000
    private static let parallel = 128
    private static let requestTimeout: Duration = .seconds(12)

    private enum Phase {
        /// Sent before its commit.
        case early
        /// Sent before its commit, and ended: the row is still to be written.
        case earlyEnded(EffectDecision)
        case running
    }

    private let database: PostgresClient
    private let bus: BusConnection
    private let service: ServiceRole
    private let logger: Logger
    private let metrics: Metrics

    private var phases: [String: Phase] = [:]
    /// How often an effect has certainly failed, for the key of its next request: a worker keeps its reply to a key for
    /// a while, and would answer the next attempt with the failure of the last.
    private var rounds: [String: Int] = [:]
    private var ends: [(key: String, state: String, status: Int, detail: String)] = []
    private let (orders, orderSink) = AsyncStream.makeStream(of: Order.self, bufferingPolicy: .bufferingNewest(bound))
    private let (flushes, flushSink) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    private struct Order: Sendable {
        let pending: EffectTable.Pending
        let isEarly: Bool
    }

    struct Metrics: Sendable {
        let done: Counter
        let refused: Counter
        let retried: Counter
        let unknown: Counter
        let dropped: Counter
    }

    init(
        database: PostgresClient,
        bus: BusConnection,
        service: ServiceRole,
        logger: Logger,
        metrics: MetricsRegistry
    ) {
        self.database = database
        self.bus = bus
        self.service = service
        self.logger = logger
        self.metrics = Metrics(
            done: metrics.counter("effects_done_total", help: "Effects carried out on Discord."),
            refused: metrics.counter("effects_refused_total", help: "Effects that Discord refused."),
            retried: metrics.counter("effects_retried_total", help: "Attempts that are to be repeated."),
            unknown: metrics.counter("effects_unknown_total", help: "Effects of which nobody knows the outcome."),
            dropped: metrics.counter("effects_early_dropped_total", help: "Early effects left to the table.")
        )
    }

    // MARK: Orders

    /// Takes effects whose transaction has committed.
    func committed(_ effects: [Effect]) {
        for effect in effects {
            switch phases[effect.key] {
            case .earlyEnded(let decision):
                phases[effect.key] = nil
                end(effect, decision, attempts: 1)
            case .early:
                // Its end will find the row.
                phases[effect.key] = .running
            case .running:
                continue
            case nil:
                enqueue(Order(pending: .init(effect: effect, attempts: 0, sinceFirst: .zero), isEarly: false))
            }
        }
    }

    func sendEarly(_ effect: Effect) {
        guard phases[effect.key] == nil else { return }
        enqueue(Order(pending: .init(effect: effect, attempts: 0, sinceFirst: .zero), isEarly: true))
    }

    private func enqueue(_ order: Order) {
        // What does not fit is in the table, or will be: it is claimed from there.
        guard phases.count < Self.bound, case .enqueued = orderSink.yield(order) else {
            metrics.dropped.increment()
            return
        }
        phases[order.pending.effect.key] = order.isEarly ? .early : .running
    }

    // MARK: Running

    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<Self.parallel {
                group.addTask { await self.work() }
            }
            group.addTask { try await self.claimForever() }
            group.addTask { try await self.flushForever() }
        }
    }

    private func work() async {
        for await order in orders {
            await carryOut(order)
        }
    }

    private func carryOut(_ order: Order) async {
        let effect = order.pending.effect
        guard effect.life > .zero else { return end(effect, nil, attempts: order.pending.attempts) }
        // An idempotent effect needs no note: whether it was tried before makes no difference.
        if effect.safety != .idempotent {
            do {
                try await EffectTable(executor: database, service: service).noteAttempt(effect.key)
            } catch {
                return later(effect, after: .seconds(1), reason: "attempt not noted: \(error)")
            }
        }
        end(effect, await attempt(order.pending), attempts: order.pending.attempts + 1)
    }

    private func attempt(_ pending: EffectTable.Pending) async -> EffectDecision {
        let effect = pending.effect
        if effect.safety == .nonce, pending.sinceFirst > EffectDecision.nonceTrust {
            return await EffectProbe(bus: bus).result(of: pending)
        }
        let request = ExecuteREST(
            bot: effect.bot,
            method: effect.method,
            path: effect.path,
            body: effect.body,
            lane: effect.lane,
            auditReason: effect.auditReason,
            safety: effect.safety
        )
        do {
            let outcome = try await bus.request(request, timeout: Self.requestTimeout, key: requestKey(of: effect))
            // After an uncertain end the key stays: the first attempt may still be under way, and is then joined.
            if let failure = outcome.failure, failure.kind != .outcomeUnknown { noteRound(of: effect) }
            return EffectDecision(outcome, safety: effect.safety, method: effect.method, sinceFirst: pending.sinceFirst)
        } catch {
            return EffectDecision(error, safety: effect.safety, sinceFirst: pending.sinceFirst)
        }
    }

    private func requestKey(of effect: Effect) -> String {
        rounds[effect.key].map { "\(effect.key)#\($0)" } ?? effect.key
    }

    private func noteRound(of effect: Effect) {
        // Bounded: without its number an effect waits some seconds longer, no more.
        if rounds.count >= Self.bound { rounds.removeAll() }
        rounds[effect.key, default: 0] += 1
    }

    /// Notes how an attempt ended; nil = its time is over.
    private func end(_ effect: Effect, _ decision: EffectDecision?, attempts: Int) {
        if case .early? = phases[effect.key], let decision {
            if case .done = decision {
                phases[effect.key] = .earlyEnded(decision)
            } else {
                // Whatever came of it, the committed row decides.
                phases[effect.key] = nil
            }
            return
        }
        phases[effect.key] = nil
        let metadata: Logger.Metadata = ["effect": "\(effect.key)", "bot": "\(effect.bot)", "path": "\(effect.path)"]
        switch decision {
        case .done(let status)?:
            metrics.done.increment()
            finish(effect.key, "done", status, "")
        case .refused(let status, let reason)?:
            metrics.refused.increment()
            logger.warning("Discord refused an effect: \(reason)", metadata: metadata)
            finish(effect.key, "refused", status, reason)
        case .unknown(let reason)?:
            metrics.unknown.increment()
            logger.error("nobody knows whether an effect happened: look on Discord. \(reason)", metadata: metadata)
            finish(effect.key, "unknown", 0, reason)
        case .retry(let reason)?, .probe(let reason)?:
            metrics.retried.increment()
            let delay: Duration = min(.milliseconds(250) * (1 << min(attempts, 8)), .seconds(30))
            later(effect, after: delay, reason: reason)
        case nil:
            logger.error("an effect came too late and was given up", metadata: metadata)
            finish(effect.key, "expired", 0, "")
        }
    }

    private func finish(_ key: String, _ state: String, _ status: Int, _ detail: String) {
        rounds[key] = nil
        ends.append((key, state, status, detail))
        flushSink.yield()
    }

    private func later(_ effect: Effect, after delay: Duration, reason: String) {
        phases[effect.key] = nil
        postponed.append((effect.key, delay, reason))
        flushSink.yield()
    }

    private var postponed: [(key: String, delay: Duration, reason: String)] = []

    // MARK: The table

    /// Claims what is due: retries, and what an earlier process left behind.
    private func claimForever() async throws {
        let table = EffectTable(executor: database, service: service)
        while true {
            do {
                for pending in try await table.claimDue(limit: 200) where phases[pending.effect.key] == nil {
                    enqueue(Order(pending: pending, isEarly: false))
                }
            } catch let error as PostgresError {
                logger.debug("effects not claimed", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: .milliseconds(250))
        }
    }

    private func flushForever() async throws {
        let table = EffectTable(executor: database, service: service)
        for await _ in flushes {
            let (ending, waiting) = (ends, postponed)
            (ends, postponed) = ([], [])
            do {
                if !ending.isEmpty { try await table.finish(ending) }
                for item in waiting { try await table.postpone(item.key, by: item.delay, reason: item.reason) }
            } catch {
                // Idempotent ones are done again, nonces refused by Discord: writing it later costs nothing but time.
                ends = ending + ends
                logger.warning("the ends of effects are not written yet", metadata: ["error": "\(error)"])
                try await Task.sleep(for: .seconds(1))
                flushSink.yield()
            }
        }
    }
}
