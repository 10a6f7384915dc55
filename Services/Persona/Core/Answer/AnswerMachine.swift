package import DiscordModel

/// Decides what to send while a model speaks: which message to create, which to edit, when, and when all is done.
///
/// A value without I/O. Whoever drives it feeds text as it comes, asks `next(at:)` what to do, does it, and reports with
/// `performed`. At most one call to Discord is under way at a time, so messages appear in order and a slow Discord slows
/// the edits down, not the model. Times count from the beginning of the turn.
///
/// Messages that an earlier attempt (perhaps of a worker that died) has sent are taken over: the new text is edited into
/// them, and what the new text does not need is deleted. So a turn never shows two answers.
package struct AnswerMachine: Sendable {
    /// The choices that an operator may want to change.
    package struct Configuration: Sendable, Hashable {
        /// UTF-16 units a message may have.
        package var pageLimit = MessageSplitter.discordLimit
        /// Characters of an answer that are shown; a model that goes on is stopped.
        package var maximumCharacters = 8000
        /// The first message appears with this many characters …
        package var firstCharacters = 24
        /// … or this long after the first piece of text.
        package var firstDelay: Duration = .milliseconds(400)
        /// Tries of one call to Discord before the turn is given back.
        package var maximumTries = 6

        package init() {}
    }

    /// One call to Discord.
    package enum Action: Sendable, Hashable {
        /// Sends a new message. The first page answers the member's message, a later one the page before it.
        case create(page: Int, content: String, after: MessageID?)
        case edit(page: Int, message: MessageID, content: String)
        /// Removes a message that the answer no longer needs.
        case delete(page: Int, message: MessageID)
    }

    /// What to do next.
    package enum Step: Sendable, Hashable {
        case perform(Action)
        /// Nothing before that time, unless text or a report comes; nil = only then.
        case wait(until: Duration?)
        case finished(Outcome)
    }

    /// How a call to Discord went.
    package enum Report: Sendable, Hashable {
        /// Sent. `isKnown` is false for a message found from an earlier attempt, whose content nobody knows.
        case created(MessageID, isKnown: Bool)
        case done
        /// The message does not exist any more.
        case gone
        /// Discord refuses for good: no rights, no channel.
        case refused(String)
        /// Not now: rate limit, no connection, a gateway that restarts.
        case failed(retryAfter: Duration?)
    }

    /// How the turn ended.
    package enum Outcome: Sendable, Hashable {
        /// Everything that was to be shown is shown.
        case delivered
        /// Somebody deleted the answer; it is not sent again.
        case removed
        /// It cannot be shown.
        case refused(String)
        /// Discord or the gateway is out of reach; another attempt takes over the messages.
        case unavailable
    }

    private struct Page: Sendable, Hashable {
        var message: MessageID
        /// What the message shows; nil when nobody knows.
        var shown: String?
    }

    private enum Phase: Sendable, Hashable {
        case streaming
        /// The text is final.
        case closing
        case finished(Outcome)
    }

    private let configuration: Configuration
    private let splitter: MessageSplitter
    private var pages: [Page]
    private var text = ""
    private var phase = Phase.streaming
    private var firstText: Duration?
    private var underWay: Action?
    private var tries = 0
    private var notBefore: Duration = .zero
    /// How often this channel may be edited; handed on to the channel's next turn.
    private(set) var pacer: EditPacer
    /// The model has said more than is shown and may be stopped.
    package private(set) var hasEnough = false

    /// - Parameter messages: What earlier attempts have sent, first page first.
    init(messages: [MessageID] = [], pacer: EditPacer = EditPacer(), configuration: Configuration = Configuration()) {
        self.configuration = configuration
        self.pacer = pacer
        splitter = MessageSplitter(limit: configuration.pageLimit)
        pages = messages.map { Page(message: $0, shown: nil) }
    }

    /// The messages sent so far, first page first.
    package var messages: [MessageID] { pages.map(\.message) }

    /// Whether the text is final: what is sent now will stay.
    package var isClosing: Bool { phase == .closing }

    /// Whether any text has come in this attempt of the model.
    package var hasText: Bool { !text.allSatisfy(\.isWhitespace) }

    // MARK: What comes in

    /// The model said more.
    package mutating func append(_ piece: String, at now: Duration) {
        guard phase == .streaming, !hasEnough else { return }
        text += piece
        if firstText == nil, hasText {
            firstText = now
        }
        if text.count > configuration.maximumCharacters {
            text = String(text.prefix(configuration.maximumCharacters)) + "…"
            hasEnough = true
        }
    }

    /// The model starts over: what it said so far does not count. Messages stay as they are until there is new text.
    package mutating func restart() {
        guard phase == .streaming else { return }
        text = ""
        firstText = nil
        hasEnough = false
    }

    /// Nothing more comes; `notice` is what the member has to be told beside or instead of the answer.
    package mutating func close(notice: String? = nil) {
        guard phase == .streaming else { return }
        phase = .closing
        notBefore = .zero
        if let notice {
            text = hasText ? "\(text)\n\n\(notice)" : notice
        }
    }

    /// The call that was under way has ended.
    package mutating func performed(_ report: Report, at now: Duration) {
        guard let action = underWay else { return }
        underWay = nil
        switch report {
        case .created(let message, let isKnown):
            guard case .create(_, let content, _) = action else { return }
            pages.append(Page(message: message, shown: isKnown ? content : nil))
            succeed(at: now)
        case .done:
            switch action {
            case .edit(let page, _, let content): pages[page].shown = content
            case .delete: pages.removeLast()
            case .create: break
            }
            succeed(at: now)
        case .gone:
            if case .delete = action {
                pages.removeLast()
                succeed(at: now)
            } else {
                phase = .finished(.removed)
            }
        case .refused(let reason):
            phase = .finished(.refused(reason))
        case .failed(let retryAfter):
            tries += 1
            pacer.failed(at: now)
            let wait = retryAfter ?? min(.milliseconds(250 << min(tries, 6)), .seconds(10))
            notBefore = now + wait
            if tries >= configuration.maximumTries {
                phase = .finished(.unavailable)
            }
        }
    }

    // MARK: What goes out

    /// What to do now.
    package mutating func next(at now: Duration) -> Step {
        if case .finished(let outcome) = phase { return .finished(outcome) }
        guard underWay == nil else { return .wait(until: nil) }
        guard let due = due else {
            guard phase == .closing else { return .wait(until: nil) }
            phase = .finished(.delivered)
            return .finished(.delivered)
        }
        guard due.time <= now else { return .wait(until: due.time) }
        underWay = due.action
        return .perform(due.action)
    }

    /// The next call to Discord and when it may leave; nil when every message shows what it should.
    private var due: (action: Action, time: Duration)? {
        let wanted = splitter.pages(of: MassMentions.defused(text))
        for (index, content) in wanted.enumerated() {
            if index >= pages.count {
                let action = Action.create(page: index, content: content, after: pages.last?.message)
                return (action, max(notBefore, creationTime(of: index, content)))
            }
            if pages[index].shown != content {
                let action = Action.edit(page: index, message: pages[index].message, content: content)
                return (action, max(notBefore, phase == .closing ? .zero : pacer.nextEdit))
            }
        }
        // While the model still speaks, later pages may be needed again.
        guard phase == .closing, let last = pages.last, pages.count > wanted.count else { return nil }
        return (.delete(page: pages.count - 1, message: last.message), notBefore)
    }

    private func creationTime(of page: Int, _ content: String) -> Duration {
        if phase == .closing { return .zero }
        guard page == 0 else { return pacer.nextEdit }
        if content.count >= configuration.firstCharacters { return pacer.nextEdit }
        return max(pacer.nextEdit, (firstText ?? .zero) + configuration.firstDelay)
    }

    private mutating func succeed(at now: Duration) {
        tries = 0
        notBefore = .zero
        pacer.succeeded(at: now)
    }
}
