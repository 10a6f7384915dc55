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
///
/// It lies between a decision and the request that carries it out, and so works on the thread of both.
actor EffectRunner {
    nonisolated var unownedExecutor: UnownedSerialExecutor { bus.executor }

    /// Effects in flight or waiting in memory.
    private static let bound = 2_000
    private static let parallel = 128
    private static let requestTimeout: Duration = .seconds(12)
    /// How often the table is asked for what an earlier process left. What this one has postponed it knows itself.
    private static let claimInterval: Duration = .seconds(2)
    private static let claimLimit = 200
    private static let shortestDelay: Duration = .milliseconds(250)

    private let database: PostgresClient
    private let bus: BusConnection
    private let service: ServiceRole
    private let logger: Logger
    private let metrics: Metrics

    private var book = EffectBook(bound: bound)
    /// How often an effect has certainly failed, for the key of its next request: a worker keeps its reply to a key for
    /// a while, and would answer the next attempt with the failure of the last.
    private var rounds: [String: Int] = [:]
    private var ends: [(key: String, state: String, status: Int, detail: String)] = []
    private var postponed: [(key: String, delay: Duration, reason: String)] = []
    private let (orders, orderSink) = AsyncStream.makeStream(
        of: EffectTable.Pending.self,
        bufferingPolicy: .bufferingOldest(bound)
    )
    private var nextClaim = ContinuousClock.now
    private let claims = Wake()
    private let (flushes, flushSink) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

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
            dropped: metrics.counter(
                "effects_early_dropped_total",
                help: "Effects that found no room in memory and were left to the table."
            )
        )
    }

    // MARK: Orders

    /// Takes effects whose transaction has committed.
    func committed(_ effects: [Effect]) {
        for effect in effects {
            take(EffectTable.Pending(effect: effect, attempts: 0, sinceFirst: .zero))
        }
    }

    private func take(_ pending: EffectTable.Pending) {
        let effect = pending.effect
        switch book.committed(effect.key) {
        case .start: enqueue(pending)
        case .finish(let decision): write(decision, of: effect, attempts: pending.attempts + 1)
        case .wait: break
        // It is in the table, and claimed from there.
        case .full: metrics.dropped.increment()
        }
    }

    func sendEarly(_ effect: Effect) {
        guard book.sendEarly(effect.key, now: .now) else { return }
        enqueue(EffectTable.Pending(effect: effect, attempts: 0, sinceFirst: .zero))
    }

    private func enqueue(_ pending: EffectTable.Pending) {
        guard case .enqueued = orderSink.yield(pending) else {
            metrics.dropped.increment()
            return book.release(pending.effect.key)
        }
    }

    // MARK: Running

    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<Self.parallel {
                group.addTask(executorPreference: bus.tasks) { await self.work() }
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

    private func carryOut(_ pending: EffectTable.Pending) async {
        let effect = pending.effect
        guard effect.life > .zero else { return end(effect, .expired, attempts: pending.attempts) }
        do {
            guard let decision = try await attempt(pending) else { return book.release(effect.key) }
            end(effect, decision, attempts: pending.attempts + 1)
        } catch {
            // An attempt that is not noted is not made.
            end(effect, .retry(reason: "attempt not noted: \(error)"), attempts: pending.attempts + 2)
        }
    }

    /// Makes an attempt; nil when the effect has ended meanwhile.
    private func attempt(_ pending: EffectTable.Pending) async throws -> EffectDecision? {
        let effect = pending.effect
        // An idempotent effect needs no note: whether it was tried before makes no difference.
        guard effect.safety != .idempotent else { return await send(effect, sinceFirst: pending.sinceFirst) }
        let table = EffectTable(executor: database, service: service)
        guard EffectDecision.mustLook(effect.safety, sinceFirst: pending.sinceFirst) else {
            guard try await table.noteAttempt(effect.key) else { return nil }
            return await send(effect, sinceFirst: pending.sinceFirst)
        }
        let now = UInt64(Date().timeIntervalSince1970 * 1_000)
        switch await EffectProbe(bus: bus).look(for: pending, now: now) {
        case .present: return .done(status: 200)
        case .failed(let reason): return .probe(reason: reason)
        case .impossible: return .unknown(reason: "it cannot be looked up")
        case .absent:
            // No earlier attempt is under way any more, so that this one is as good as the first.
            guard try await table.noteAttempt(effect.key, isFirst: true) else { return nil }
            return await send(effect, sinceFirst: .zero)
        }
    }

    private func send(_ effect: Effect, sinceFirst: Duration) async -> EffectDecision {
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
            return EffectDecision(outcome, safety: effect.safety, method: effect.method, sinceFirst: sinceFirst)
        } catch {
            return EffectDecision(error, safety: effect.safety, sinceFirst: sinceFirst)
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

    private func end(_ effect: Effect, _ decision: EffectDecision, attempts: Int) {
        if book.ended(effect.key, decision) { write(decision, of: effect, attempts: attempts) }
    }

    /// Has the row say how an attempt ended.
    private func write(_ decision: EffectDecision, of effect: Effect, attempts: Int) {
        let metadata: Logger.Metadata = ["effect": "\(effect.key)", "bot": "\(effect.bot)", "path": "\(effect.path)"]
        switch decision {
        case .done(let status):
            metrics.done.increment()
            finish(effect.key, "done", status, "")
        case .refused(let status, let reason):
            metrics.refused.increment()
            logger.warning("Discord refused an effect: \(reason)", metadata: metadata)
            finish(effect.key, "refused", status, reason)
        case .unknown(let reason):
            metrics.unknown.increment()
            logger.error("nobody knows whether an effect happened: look on Discord. \(reason)", metadata: metadata)
            finish(effect.key, "unknown", 0, reason)
        case .retry(let reason), .probe(let reason):
            metrics.retried.increment()
            let delay: Duration = min(Self.shortestDelay * (1 << min(attempts, 8)), .seconds(30))
            postponed.append((effect.key, delay, reason))
            flushSink.yield()
        case .expired:
            logger.error("an effect came too late and was given up", metadata: metadata)
            finish(effect.key, "expired", 0, "")
        }
    }

    private func finish(_ key: String, _ state: String, _ status: Int, _ detail: String) {
        rounds[key] = nil
        ends.append((key, state, status, detail))
        flushSink.yield()
    }

    // MARK: The table

    /// Claims what is due: retries, and what an earlier process left behind.
    private func claimForever() async throws {
        let table = EffectTable(executor: database, service: service)
        while true {
            book.forgetEarly(.now)
            nextClaim = .now + Self.claimInterval
            do {
                let due = try await table.claimDue(limit: Self.claimLimit)
                for pending in due { take(pending) }
                if due.count == Self.claimLimit { claimSoon(after: Self.shortestDelay) }
            } catch let error as PostgresError {
                logger.debug("effects not claimed", metadata: ["error": "\(error)"])
            }
            while nextClaim > .now {
                await claims.wait(atMost: nextClaim - .now)
                try Task.checkCancellation()
            }
        }
    }

    /// Has the table looked at when something in it is due.
    private func claimSoon(after delay: Duration) {
        let due = ContinuousClock.now + delay
        guard due < nextClaim else { return }
        nextClaim = due
        claims.signal()
    }

    private func flushForever() async throws {
        let table = EffectTable(executor: database, service: service)
        for await _ in flushes {
            // Only who comes after a crash would want to know sooner: let some gather.
            try await Task.sleep(for: .milliseconds(100))
            let (ending, waiting) = (ends, postponed)
            (ends, postponed) = ([], [])
            do {
                if !ending.isEmpty { try await table.finish(ending) }
                if !waiting.isEmpty { try await table.postpone(waiting) }
                for item in ending { book.release(item.key) }
                for item in waiting {
                    book.release(item.key)
                    claimSoon(after: item.delay)
                }
            } catch {
                // Until it is written, the book keeps them from being sent again.
                (ends, postponed) = (ending + ends, waiting + postponed)
                logger.warning("the ends of effects are not written yet", metadata: ["error": "\(error)"])
                try await Task.sleep(for: .seconds(1))
                flushSink.yield()
            }
        }
    }
}
