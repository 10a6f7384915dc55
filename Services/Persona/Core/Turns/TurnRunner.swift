import BusContract
import CommandKit
import DiscordModel
import FoundationEssentials
import LLM
package import Logging
package import MessageBus
package import Postgres
package import ServiceKit
package import Store

/// Carries one turn out: reads the channel, asks the model, and lets the answer grow in Discord.
///
/// It may be cancelled or killed at any moment. Whoever claims the turn next finds the messages in its row, or on
/// Discord, and finishes the same answer.
package struct TurnRunner: Sendable {
    let configuration: PersonaConfiguration
    let turns: Turns
    let bus: BusConnection
    let personas: PersonaCatalogue
    let fleet: FleetDirectory
    let models: ModelDirectory
    let texts: Catalogue
    let pacers: ChannelPacers
    let metrics: PersonaMetrics
    let logger: Logger
    let clock: any Clock<Duration>
    /// Unix milliseconds.
    let now: @Sendable () -> UInt64

    package init(
        configuration: PersonaConfiguration,
        database: any QueryExecutor,
        bus: BusConnection,
        personas: PersonaCatalogue,
        fleet: FleetDirectory,
        models: ModelDirectory,
        metrics: MetricsRegistry,
        logger: Logger,
        clock: any Clock<Duration> = ContinuousClock(),
        now: @escaping @Sendable () -> UInt64 = { UInt64(max(0, Date().timeIntervalSince1970 * 1000)) }
    ) throws {
        self.configuration = configuration
        turns = Turns(database)
        self.bus = bus
        self.personas = personas
        self.fleet = fleet
        self.models = models
        texts = try PersonaTexts.catalogue()
        pacers = ChannelPacers(interval: configuration.editInterval)
        self.metrics = PersonaMetrics(metrics)
        self.logger = logger
        self.clock = clock
        self.now = now
    }

    /// Carries the turn out and writes to its row how it went.
    ///
    /// - Throws: `StoreError` of code `fenceLost` when another worker has it, `CancellationError`, `PostgresError`. The row
    ///   is then as it was, and the turn is claimed anew when its claim ends.
    package func run(_ turn: Turn) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await keepClaim(turn) }
            group.addTask { try await runClaimed(turn) }
            // The claim is kept for ever, so what ends is the turn, or the claim by an error.
            try await group.next()
        }
    }

    private func runClaimed(_ turn: Turn) async throws {
        let begin = now()
        switch try await carryOut(turn) {
        case .finished(let result):
            let record = try result.record()
            try await persist { try await turns.finish(turn, as: result.state, record: record) }
            report(turn, result, begin: begin)
        case .givenBack(let wait, let reason):
            logger.notice(
                "An answer has to wait",
                metadata: metadata(turn, [LogKey.error: "\(reason)", "retry_in": "\(wait)"])
            )
            try await turns.giveBack(turn, restFor: wait, because: reason)
        }
    }

    /// Prolongs the claim for as long as the attempt runs.
    ///
    /// - Throws: `StoreError` of code `fenceLost` when another worker has taken the turn over, or when it could have: a
    ///   database that was out of reach for most of the claim's time proves nothing.
    private func keepClaim(_ turn: Turn) async throws {
        var failures = 0
        while true {
            try await clock.sleep(for: configuration.lease / 4)
            do {
                try await turns.renew(turn, lifetime: configuration.lease)
                failures = 0
            } catch let error as PostgresError {
                failures += 1
                logger.warning("A claim could not be prolonged", metadata: metadata(turn, [LogKey.error: "\(error)"]))
                guard failures < 3 else { throw StoreError(.fenceLost, "the database did not confirm the claim") }
            }
        }
    }

    /// How an attempt ended.
    enum End: Sendable {
        case finished(TurnResult)
        /// Another attempt is due after a while.
        case givenBack(Duration, String)
    }

    private func carryOut(_ turn: Turn) async throws -> End {
        let asked = Date(timeIntervalSince1970: Double(turn.message.millisecondsSinceEpoch) / 1000)
        let age = Duration.seconds(turn.readAt.timeIntervalSince(asked))
        guard age < configuration.abandonAfter else {
            return .finished(TurnResult(outcome: .abandoned, detail: "could not be delivered within a day"))
        }
        if fleet.user(of: turn.bot) == nil { await fleet.refresh() }
        guard let user = fleet.user(of: turn.bot) else {
            return .givenBack(.seconds(2), "the gateway does not know the Discord user of \(turn.bot)")
        }
        let desk = TurnDesk(
            turn: turn,
            user: user,
            persona: personas.persona(of: turn.bot),
            discord: DiscordChannel(
                bus: bus,
                bot: turn.bot,
                channel: turn.channel,
                trace: Question(turn).traceContext
            )
        )
        let preparation: Preparation
        // Whoever takes an expired turn tells only that: it may be on nobody's route who is here.
        let isExpired = turn.expiresAt <= turn.readAt
        if isExpired || age > configuration.maximumAge, turn.answers.isEmpty {
            preparation = .tell(.late, desk.language(earlier: []))
        } else {
            preparation = await prepare(desk)
        }
        if case .end(let end) = preparation { return end }
        return try await answer(desk, preparation)
    }

    /// Keeps trying to write to the database for a while: an answer that is shown should be known.
    ///
    /// - Throws: `StoreError` of code `fenceLost` when a later attempt has the turn.
    func persist(_ write: () async throws -> Void) async throws {
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2))
        while true {
            do {
                return try await write()
            } catch let error as PostgresError where backoff.attempts < 6 {
                logger.warning("A turn's row could not be written; trying again", metadata: [LogKey.error: "\(error)"])
                try await clock.sleep(for: backoff.next())
            }
        }
    }

    func metadata(_ turn: Turn, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            LogKey.bot: "\(turn.bot)", LogKey.channel: "\(turn.channel)", LogKey.message: "\(turn.message)",
            "attempt": "\(turn.attempt)",
        ]
        let trace = Question(turn).trace
        if !trace.isEmpty { metadata[LogKey.trace] = "\(trace)" }
        return metadata.merging(more) { _, new in new }
    }

    private func report(_ turn: Turn, _ result: TurnResult, begin: UInt64) {
        let end = now()
        let asked = turn.message.millisecondsSinceEpoch
        metrics.finished(result.outcome.rawValue)
        metrics.whole.observe(.milliseconds(Int64(clamping: end) - Int64(clamping: asked)))
        logger.info(
            "A turn has ended",
            metadata: metadata(
                turn,
                [
                    "outcome": "\(result.outcome.rawValue)", "detail": "\(result.detail)", "model": "\(result.model)",
                    "tokens": "\(result.usage?.input ?? 0)+\(result.usage?.output ?? 0)",
                    LogKey.milliseconds: "\(end - min(begin, end))",
                ].merging(turn.route.isEmpty ? [:] : ["route": "\(turn.route)"]) { _, new in new }
            )
        )
        bus.publish(
            TurnFinished(
                bot: turn.bot,
                guild: turn.guild,
                channel: turn.channel,
                message: turn.message,
                outcome: result.outcome.rawValue,
                milliseconds: Int64(clamping: end - min(asked, end))
            )
        )
    }
}

/// What an attempt works with.
struct TurnDesk: Sendable {
    let turn: Turn
    /// The bot's Discord user.
    let user: UserID
    let persona: Persona
    let discord: DiscordChannel

    /// The question as it was when it came in.
    var question: HistoryMessage {
        Question(turn).message(id: turn.message, author: turn.author)
    }

    /// The language to answer in.
    func language(earlier: [String]) -> (language: ReplyLanguage, isGuess: Bool) {
        persona.language.choice(for: question.content, earlier: earlier)
    }
}

/// What was found out before anything is said.
enum Preparation: Sendable {
    /// The conversation is known, and the model is to be asked.
    case ask(question: HistoryMessage, history: [HistoryMessage], PromptBuilder.Place, language: ChosenLanguage)
    /// There is only something to tell.
    case tell(TextKey, ChosenLanguage)
    /// Nothing is to be said.
    case end(TurnRunner.End)

    typealias ChosenLanguage = (language: ReplyLanguage, isGuess: Bool)
}
