import BusContract
import CommandKit
import DiscordModel
import DurableEvents
import ServiceKit
import Store

/// Looks at each message of a guild and acts on those that its word list forbids: the message goes, one case is opened,
/// and the member is told once in the channel.
struct MessageInspector: DurableHandler {
    /// A message that is to be acted on.
    struct Offence: Sendable {
        let bot: BotID
        let guild: GuildID
        let channel: ChannelID
        let message: MessageID
        let author: UserID
        let word: String
        let language: Language
        let isLate: Bool
    }

    /// Older offences are deleted and recorded, but nobody is told any more.
    private static let noticeAge: Duration = .seconds(600)

    let lists: WordListCache
    let languages: GuildLanguages
    let spine: Spine
    let texts: Catalogue
    let sendsNotices: Bool
    let inspected: Counter
    let offences: Counter

    func examine(_ event: DurableEvent) async throws -> Offence? {
        inspected.increment()
        // Bots are passed over: ours answer to us, and other bots' messages are their owners' business.
        guard let guild = event.header.guild, !event.header.flags.contains(.fromBot),
            let message = try Self.message(of: event), !message.content.isEmpty,
            let word = try await lists.matcher(for: guild).firstMatch(in: message.content)
        else { return nil }
        offences.increment()
        let offence = Offence(
            bot: event.bot,
            guild: guild,
            channel: message.channelID,
            message: message.id,
            author: message.author.id,
            word: word,
            language: await languages.language(of: guild),
            isLate: event.age > Self.noticeAge
        )
        // Before the case is written: a deletion is the same done twice, and the message should be gone at once.
        await spine.sendEarly(deletion(offence))
        return offence
    }

    func perform(_ work: [Offence], in transaction: DurableTransaction) async throws {
        let opened = try await Cases(transaction).open(work.map(newCase))
        var entries: [AuditEntry] = []
        for (offence, (opened, isNew)) in zip(work, opened) {
            transaction.add(deletion(offence))
            guard isNew else { continue }
            entries.append(entry(offence, opened))
            try transaction.publish(CaseOpened(opened))
            if sendsNotices, !offence.isLate { transaction.add(try notice(offence, opened)) }
        }
        if !entries.isEmpty { transaction.atEnd(try AuditLog.appending(entries)) }
    }

    /// The message of an event; nil for an update that tells only what changed, without author: embeds that Discord
    /// resolved, pins.
    private static func message(of event: DurableEvent) throws -> MessageEvent? {
        do {
            return try event.payload.withUnsafeBytes { bytes throws(MalformedJSON) in try MessageEvent(json: bytes) }
        } catch {
            guard event.name == "MESSAGE_UPDATE" else { throw error }
            return nil
        }
    }

    private func reason(_ offence: Offence) -> String {
        texts.text("reason.words", in: offence.language, ["word": offence.word])
    }

    private func newCase(_ offence: Offence) -> NewCase {
        NewCase(
            guild: offence.guild,
            type: "warn",
            user: offence.author,
            moderator: nil,
            reason: reason(offence),
            channel: offence.channel,
            message: offence.message,
            key: "words:\(offence.message)"
        )
    }

    private func entry(_ offence: Offence, _ opened: Case) -> AuditEntry {
        AuditEntry(
            key: "words:\(offence.message)",
            guild: offence.guild,
            actor: "rule:words",
            action: "case.open",
            subject: "user:\(offence.author)",
            details: ["case": "\(opened.number)", "word": offence.word, "message": "\(offence.message)"]
        )
    }

    private func deletion(_ offence: Offence) -> Effect {
        .deleteMessage(offence.message, in: offence.channel, by: offence.bot, reason: reason(offence))
    }

    private func notice(_ offence: Offence, _ opened: Case) throws -> Effect {
        let text = texts.text(
            "notice.words",
            in: offence.language,
            ["member": "<@\(offence.author)>", "case": "\(opened.number)"]
        )
        return try .sendMessage(
            OutgoingMessage(content: text, allowedMentions: .only(offence.author)),
            to: offence.channel,
            by: offence.bot,
            key: "notice:words:\(offence.message)",
            lane: .moderation,
            life: Self.noticeAge
        )
    }
}

extension CaseOpened {
    init(_ opened: Case) {
        self.init(
            guild: opened.guild,
            number: opened.number,
            type: opened.type,
            user: opened.user,
            moderator: opened.moderator,
            reason: opened.reason
        )
    }
}
