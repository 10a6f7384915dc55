import BusContract
import CommandKit
import DiscordModel
import DiscordREST
import FoundationEssentials
import Logging
import ServiceKit
import Store
import Synchronization

/// The end of interactions that went wrong on our side: the member is told, once, by whatever way is left.
extension InteractionDesk {
    /// What the member sees of an interaction.
    private enum Shown {
        case answer
        /// "… is thinking"
        case thinking
        /// The message with the component, as it was: a deferred update shows nothing.
        case component
        case nothing
    }

    /// After so many attempts, some minutes, it is given up.
    private static let attempts = 12

    /// Finds out on Discord what has become of an interaction, and tells the member if it is nothing.
    ///
    /// - Parameter entry: where it is answered; nil when its token has expired.
    func conclude(
        _ interaction: InteractionID,
        _ bot: BotID,
        _ origin: InteractionOrigin?,
        _ entry: OpenInteraction?
    ) async {
        defer { _ = open.withLock { $0.removeValue(forKey: interaction) } }
        var backoff = Backoff(base: .seconds(1), cap: .seconds(30))
        while true {
            do {
                return try await concludeOnce(interaction, bot, origin, entry)
            } catch {
                let isFinal = (error as? DiscordRESTError).map { $0.code == .refused && $0.status < 500 } ?? false
                guard !isFinal, backoff.attempts < Self.attempts, !Task.isCancelled else {
                    logger.warning(
                        "a member was not told of a missed command",
                        metadata: ["interaction": "\(interaction)", "error": "\(error)"]
                    )
                    // Cancelled, it is left to the next process.
                    if !Task.isCancelled { await setState(.failed, interaction) }
                    return
                }
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    private func concludeOnce(
        _ interaction: InteractionID,
        _ bot: BotID,
        _ origin: InteractionOrigin?,
        _ entry: OpenInteraction?
    ) async throws {
        // Half-typed options miss nothing that a member would look for.
        if origin?.kind == .autocomplete { return await setState(.failed, interaction) }
        // What was sent may have arrived although nobody heard of it.
        switch try await shown(entry) {
        case .answer:
            await setState(.answered, interaction)
        case .thinking:
            guard let entry else { return }
            let text = texts.text("command.interrupted", in: Language(discordLocale: origin?.locale ?? ""))
            _ = try await fleet.execute(entry.editRequest(Self.apology(text)), as: bot)
            await setState(.answered, interaction)
        case .component:
            guard let entry else { return }
            let text = texts.text("command.interrupted", in: Language(discordLocale: origin?.locale ?? ""))
            do {
                // Beside the component's message, which is everybody's and stays.
                _ = try await fleet.execute(entry.followUpRequest(Self.apology(text)), as: bot)
            } catch let error as DiscordRESTError where error.code == .outcomeUnknown {
                // It may be there: a second one would be worse than none.
            }
            await setState(.answered, interaction)
        case .nothing:
            // No first response was sent, and its three seconds are over: only the channel is left.
            if let origin { try await tellMissed(interaction, bot, origin) }
            await setState(.failed, interaction)
        }
    }

    private func shown(_ entry: OpenInteraction?) async throws -> Shown {
        guard let entry else { return .nothing }
        do {
            let response = try await fleet.execute(entry.lookRequest, as: entry.bot)
            let message = try JSONDecoder().decode(Original.self, from: Data(response.body))
            if message.flags.map({ $0 & Original.loading != 0 }) ?? false { return .thinking }
            return message.isUntouched(since: entry.id) ? .component : .answer
        } catch let error as DiscordRESTError where error.status == 404 || error.status == 401 {
            // There is no such message, or the token is over.
            return .nothing
        }
    }

    private struct Original: Decodable {
        /// Discord's message flag LOADING.
        static let loading = 1 << 7

        let id: MessageID
        let flags: Int?
        let edited: String?

        /// An original that is older than the interaction is the message with the component. Unless it has been edited
        /// since, the member has seen nothing.
        func isUntouched(since interaction: InteractionID) -> Bool {
            guard id.rawValue < interaction.rawValue else { return false }
            guard let edited = edited.flatMap(Timestamp.init) else { return true }
            return edited.milliseconds < Int64(clamping: interaction.millisecondsSinceEpoch)
        }

        private enum CodingKeys: String, CodingKey {
            case id, flags
            case edited = "edited_timestamp"
        }
    }

    /// Tells a member in the channel that a command could not be answered as Discord wants it; once, by its nonce.
    private func tellMissed(_ interaction: InteractionID, _ bot: BotID, _ origin: InteractionOrigin) async throws {
        let text = texts.text(
            "command.missed",
            in: Language(discordLocale: origin.locale),
            ["member": "<@\(origin.user)>", "command": origin.kind == .command ? "/\(origin.name)" : "…"]
        )
        let message = OutgoingMessage(
            content: text,
            allowedMentions: .only(origin.user),
            nonce: interaction.description
        )
        let request = DiscordRequest(
            .post,
            "/channels/\(origin.channel)/messages",
            body: .json(Array(try JSONEncoder().encode(message))),
            lane: .interaction,
            safety: .nonce,
            timeout: .seconds(20)
        )
        _ = try await fleet.execute(request, as: bot)
    }
}
