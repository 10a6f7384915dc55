import DiscordModel
import LLM
import Logging
import Postgres
import ServiceKit
import Store

extension TurnRunner {
    /// Lets the answer grow in Discord until it is complete, or cannot be.
    func answer(_ desk: TurnDesk, _ preparation: Preparation) async throws -> End {
        let turn = desk.turn
        var limits = AnswerMachine.Configuration()
        limits.maximumCharacters = configuration.maximumCharacters
        let machine = AnswerMachine(
            messages: turn.answers,
            pacer: pacers.pacer(of: turn.bot, in: turn.channel),
            configuration: limits
        )
        let session = AnswerSession(machine, clock: clock)
        defer { pacers.store(session.read { $0.pacer }, of: turn.bot, in: turn.channel) }
        let outcome = try await withThrowingTaskGroup(of: AnswerMachine.Outcome?.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                await showTyping(desk, session)
                return nil
            }
            group.addTask {
                try await speak(desk, preparation, into: session)
                return nil
            }
            group.addTask { try await deliver(desk, session) }
            while let part = try await group.next() {
                if let outcome = part { return outcome }
            }
            throw CancellationError()
        }
        return end(turn, outcome, session)
    }

    private func end(_ turn: Turn, _ outcome: AnswerMachine.Outcome, _ session: AnswerSession) -> End {
        let (heard, told) = session.result
        var result = TurnResult(
            outcome: .answered,
            detail: heard?.failure.map { "\($0)" } ?? "",
            model: heard?.model ?? "",
            usage: heard?.usage
        )
        switch outcome {
        case .delivered:
            switch told {
            case nil, .cutShort: result.outcome = .answered
            case .late: result.outcome = .expired
            default: result.outcome = .failed
            }
            if let told, result.detail.isEmpty { result.detail = told.rawValue }
            return .finished(result)
        case .removed:
            result.outcome = .withdrawn
            result.detail = "the answer was deleted"
            return .finished(result)
        case .refused(let reason):
            logger.warning("Discord refuses the answer", metadata: metadata(turn, [LogKey.error: "\(reason)"]))
            result.outcome = .refused
            result.detail = reason
            return .finished(result)
        case .unavailable:
            return .givenBack(retryWait(turn), "Discord or the gateway is out of reach")
        }
    }

    /// Does what the machine says, one call after another.
    private func deliver(_ desk: TurnDesk, _ session: AnswerSession) async throws -> AnswerMachine.Outcome {
        // An earlier attempt may have sent a message and died before its row knew of it.
        var mayHaveUnknownMessages = desk.turn.attempt > 1
        while true {
            switch try await session.nextStep() {
            case .wait:
                continue
            case .finished(let outcome):
                return outcome
            case .perform(let action):
                let report = try await perform(action, desk, session, &mayHaveUnknownMessages)
                try Task.checkCancellation()
                session.update { machine, now in machine.performed(report, at: now) }
            }
        }
    }

    private func perform(
        _ action: AnswerMachine.Action,
        _ desk: TurnDesk,
        _ session: AnswerSession,
        _ mayHaveUnknownMessages: inout Bool
    ) async throws -> AnswerMachine.Report {
        let discord = desk.discord
        do {
            switch action {
            case .create(let page, let content, let after):
                let anchor = after ?? desk.turn.message
                let message: HistoryMessage
                if mayHaveUnknownMessages, let found = try await self.message(answering: anchor, desk) {
                    message = found
                } else {
                    message = try await discord.send(
                        content,
                        replyTo: anchor,
                        pings: page == 0,
                        key: "turn/\(desk.turn.message)/\(desk.turn.bot)/\(page)"
                    )
                }
                let messages = session.read { $0.messages } + [message.id]
                // Before anything else is sent: another worker must find it.
                try await persist { try await turns.setAnswers(messages, of: desk.turn) }
                if page == 0 {
                    let asked = Int64(clamping: desk.turn.message.millisecondsSinceEpoch)
                    metrics.firstText.observe(.milliseconds(Int64(clamping: now()) - asked))
                }
                return .created(message.id, isKnown: message.content == content)
            case .edit(_, let message, let content):
                try await discord.edit(message, content, isFinal: session.read { $0.isClosing })
                metrics.edits.increment()
                return .done
            case .delete(let page, let message):
                try await discord.delete(message)
                let messages = Array(session.read { $0.messages }.prefix(page))
                try await persist { try await turns.setAnswers(messages, of: desk.turn) }
                return .done
            }
        } catch let failure as DiscordChannel.Failure {
            return report(failure, of: action, desk.turn, &mayHaveUnknownMessages)
        }
    }

    private func report(
        _ failure: DiscordChannel.Failure,
        of action: AnswerMachine.Action,
        _ turn: Turn,
        _ mayHaveUnknownMessages: inout Bool
    ) -> AnswerMachine.Report {
        logger.info("A call to Discord failed", metadata: metadata(turn, [LogKey.error: "\(failure)"]))
        switch failure {
        case .refused(DiscordChannel.Code.unknownMessage, let message):
            if case .create = action { return .refused(message) }
            return .gone
        case .refused(_, let message):
            return .refused(message)
        case .unavailable:
            return .failed(retryAfter: nil)
        case .unknown:
            if case .create = action { mayHaveUnknownMessages = true }
            return .failed(retryAfter: nil)
        }
    }

    /// Our own message that answers another, if there is one already.
    private func message(answering anchor: MessageID, _ desk: TurnDesk) async throws -> HistoryMessage? {
        try await desk.discord.messages(limit: 100, after: anchor)
            .first { $0.author.id == desk.user && $0.replyTo == anchor }
    }

    /// Shows that the bot is typing until its first message is there.
    private func showTyping(_ desk: TurnDesk, _ session: AnswerSession) async {
        // Discord shows it for ten seconds.
        while session.read({ $0.messages.isEmpty }) {
            try? await desk.discord.type()
            guard (try? await clock.sleep(for: .seconds(8))) != nil else { return }
        }
    }
}
