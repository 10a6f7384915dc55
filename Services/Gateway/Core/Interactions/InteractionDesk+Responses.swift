import BusContract
import CommandKit
import DiscordModel
import DiscordREST
import FoundationEssentials
import Logging
import MessageBus
import ServiceKit
import Store
import Synchronization

extension InteractionDesk {
    /// Serves what services send after their first answer.
    func serveResponses() async throws {
        try await bus.serve(RespondInteraction.self, capacity: 128) { request, _ in
            await self.respond(to: request)
        }
    }

    private func respond(to request: RespondInteraction) async -> RESTOutcome {
        guard let entry = await find(request.interaction), entry.bot == request.bot else {
            return RESTOutcome(
                status: 0,
                failure: RESTFailure(
                    kind: .refused,
                    code: 10_062,
                    message:
                        "interaction \(request.interaction) is not open: it was never known, or is over 15 minutes old"
                )
            )
        }
        await entry.waitUntilAcknowledged()
        let call: DiscordRequest
        switch request.kind {
        case .followUp: call = entry.followUpRequest(request.data)
        case .deleteOriginal: call = entry.deleteRequest
        default: call = entry.editRequest(request.data)
        }
        do {
            let response = try await fleet.execute(call, as: entry.bot)
            await setState(.answered, entry.id)
            return RESTOutcome(status: response.status, body: String(decoding: response.body, as: UTF8.self))
        } catch {
            return RESTOutcome(error)
        }
    }

    private func find(_ id: InteractionID) async -> OpenInteraction? {
        if let entry = open.withLock({ $0[id] }) { return entry }
        guard let row = try? await Interactions(database).find(id) else { return nil }
        return unseal(row)
    }

    private func unseal(_ row: StoredInteraction) -> OpenInteraction? {
        guard let sealed = row.token, let secret = fleet.token(of: row.bot), row.expiresAt > Date(),
            let token = try? TokenSeal(secret).open(sealed)
        else { return nil }
        return OpenInteraction(
            bot: row.bot,
            application: row.application,
            token: token,
            id: row.interaction,
            isAcknowledged: row.state != .received
        )
    }

    /// Tells the members whose interactions an earlier process left open that it was interrupted.
    func finishLeftovers() async throws {
        let start = Date()
        try await withThrowingDiscardingTaskGroup { group in
            for bot in fleet.allBots {
                group.addTask { try await self.finishLeftovers(of: bot, before: start) }
            }
        }
    }

    private func finishLeftovers(of bot: BotID, before start: Date) async throws {
        while !fleet.isOnline(bot) { try await Task.sleep(for: .milliseconds(100)) }
        var backoff = Backoff(base: .milliseconds(200), cap: .seconds(5))
        while true {
            do {
                for row in try await Interactions(database).open(of: bot) where row.receivedAt < start {
                    await finish(row)
                }
                return
            } catch {
                logger.debug("open interactions not read yet", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: backoff.next())
        }
    }

    private func finish(_ row: StoredInteraction) async {
        let language = Language(discordLocale: row.locale)
        let data = Self.apology(texts.text("command.interrupted", in: language))
        do {
            guard let entry = unseal(row), entry.isAcknowledged else { throw Unanswerable() }
            _ = try await fleet.execute(entry.editRequest(data), as: entry.bot)
            await setState(.answered, row.interaction)
        } catch {
            // No first response was sent, and its three seconds are over: only the channel is left.
            await tellMissed(row.interaction, row.bot, InteractionOrigin(row))
        }
    }

    private struct Unanswerable: Error {}

    /// Tells a member in the channel that a command could not be answered as Discord wants it; once, by its nonce.
    func tellMissed(_ interaction: InteractionID, _ bot: BotID, _ origin: InteractionOrigin?) async {
        defer { _ = open.withLock { $0.removeValue(forKey: interaction) } }
        await setState(.failed, interaction)
        // Half-typed options miss nothing that a member would look for.
        guard let origin, origin.kind != .autocomplete else { return }
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
        do {
            let request = DiscordRequest(
                .post,
                "/channels/\(origin.channel)/messages",
                body: .json(Array(try JSONEncoder().encode(message))),
                lane: .interaction,
                safety: .nonce,
                timeout: .seconds(20)
            )
            _ = try await fleet.execute(request, as: bot)
        } catch {
            logger.warning(
                "a member was not told of a missed command",
                metadata: ["interaction": "\(interaction)", "error": "\(error)"]
            )
        }
    }

    /// Erases tokens when they have expired, and old rows.
    func eraseForever() async throws {
        while true {
            try await Task.sleep(for: .seconds(30))
            do {
                _ = try await Interactions(database).eraseExpiredTokens()
                try await Interactions(database).forget(olderThan: .seconds(86_400))
            } catch {
                logger.debug("expired interactions were not erased", metadata: ["error": "\(error)"])
            }
            let now = Date()
            open.withLock { open in
                open = open.filter { now.timeIntervalSince($0.value.openedAt) < 15 * 60 }
            }
        }
    }
}

extension RESTOutcome {
    /// What a caller on the bus is told of a failed call.
    init(_ error: any Error) {
        guard let error = error as? DiscordRESTError else {
            self.init(status: 0, failure: RESTFailure(kind: .outcomeUnknown, message: "\(error)"))
            return
        }
        let kind: RESTFailureKind =
            switch error.code {
            case .refused: .refused
            case .rateLimited, .overloaded, .suspended: .rateLimited
            case .unreachable: .unreachable
            case .outcomeUnknown: .outcomeUnknown
            case .unauthorized: .botStopped
            case .invalid: .invalid
            }
        self.init(
            status: error.status,
            body: String(decoding: error.body, as: UTF8.self),
            failure: RESTFailure(kind: kind, code: error.discordCode, message: error.message)
        )
    }
}
