import CommandKit
import DiscordModel
import LLM
import Logging
import ServiceKit
import Store

extension TurnRunner {
    /// Reads the conversation that the question belongs to.
    func prepare(_ desk: TurnDesk) async -> Preparation {
        let turn = desk.turn
        async let place = desk.discord.place(guild: turn.guild)
        var question = desk.question
        var history: [HistoryMessage] = []
        do {
            // Ids have no gaps that matter: "before the next id" includes the question itself, as it reads now.
            let found = try await desk.discord.messages(
                limit: desk.persona.contextMessages + 1,
                before: MessageID(turn.message.rawValue + 1)
            )
            if let current = found.first(where: { $0.id == turn.message }) {
                question.content = current.content
                question.mentions = current.mentions
            } else if !found.isEmpty {
                // An empty answer would mean that the bot may not read the history.
                return .end(.finished(TurnResult(outcome: .withdrawn, detail: "the question was deleted")))
            }
            history = found.filter { $0.id < turn.message }.sorted { $0.id < $1.id }
        } catch {
            switch error {
            case .refused(DiscordChannel.Code.unknownChannel, _):
                return .end(.finished(TurnResult(outcome: .withdrawn, detail: "the channel was deleted")))
            case .refused(_, let message):
                logger.info(
                    "The history cannot be read; answering without it",
                    metadata: metadata(turn, [LogKey.error: "\(message)"])
                )
            case .unavailable(let reason), .unknown(let reason):
                return .end(.givenBack(retryWait(turn), "history: \(reason)"))
            }
        }
        let earlier = history.reversed().filter { $0.author.id == turn.author }.map(\.content)
        let language = desk.persona.language.choice(for: question.content, earlier: earlier)
        return .ask(question: question, history: history, await place, language: language)
    }

    /// How long a turn rests that could not be carried out: longer with each attempt.
    func retryWait(_ turn: Turn) -> Duration {
        min(.seconds(30), .milliseconds(500) * (1 << min(turn.attempt, 6)))
    }

    /// Asks the model, as often as it takes, and closes the answer.
    func speak(_ desk: TurnDesk, _ preparation: Preparation, into session: AnswerSession) async throws {
        guard case .ask(let question, var history, let place, let language) = preparation else {
            if case .tell(let key, let language) = preparation {
                session.close(telling: key, notice(key, language.language))
            }
            return
        }
        let model = models.model(of: desk.persona)
        let builder = PromptBuilder(persona: desk.persona, bot: desk.user)
        var retries = ModelRetries(deadline: configuration.turnTimeout)
        while true {
            let request = builder.request(question: question, history: history, place: place, language: language)
            do {
                let summary = try await model.withAnswer(to: request) { stream in
                    try await hear(stream, into: session)
                }
                session.heard(Heard(model: model.name, usage: summary?.usage))
                let key = closing(summary, session)
                session.close(telling: key, key.map { notice($0, language.language) })
                return
            } catch let error as LanguageModelError {
                try Task.checkCancellation()
                metrics.modelFailures.increment()
                let decision = retries.decide(error, elapsed: session.elapsed, jitter: .random(in: 0..<1))
                logger.warning(
                    "The model failed",
                    metadata: metadata(
                        desk.turn,
                        ["model": "\(model.name)", LogKey.error: "\(error)", "next": "\(decision)"]
                    )
                )
                session.heard(Heard(model: model.name, failure: error))
                switch decision {
                case .retry(let wait, let shorterContext):
                    session.update { machine, _ in machine.restart() }
                    if shorterContext { history = Array(history.suffix(history.count / 3)) }
                    try await clock.sleep(for: wait)
                case .tell(let key):
                    session.close(telling: key, notice(key, language.language))
                    return
                }
            }
        }
    }

    /// Hands the model's words on until it ends or has said enough; nil in the second case.
    private func hear(_ stream: ChatStream, into session: AnswerSession) async throws -> ChatSummary? {
        for try await event in stream {
            switch event {
            case .text(let text):
                let hasEnough = session.update { machine, now in
                    machine.append(text, at: now)
                    return machine.hasEnough
                }
                if hasEnough { return nil }
            case .toolCall:
                // None are offered, so a model that asks for one is talking to itself.
                continue
            case .finished(let summary):
                return summary
            }
        }
        return nil
    }

    /// What has to be told beside an answer that came to its end.
    private func closing(_ summary: ChatSummary?, _ session: AnswerSession) -> TextKey? {
        let hasText = session.read { $0.hasText }
        switch summary?.reason {
        case .contentFilter: return .filtered
        case .length where hasText: return .cutShort
        case nil: return .cutShort
        default: return hasText ? nil : .silent
        }
    }

    private func notice(_ key: TextKey, _ language: ReplyLanguage) -> String {
        texts.text(key.rawValue, in: language.catalogueLanguage)
    }
}
