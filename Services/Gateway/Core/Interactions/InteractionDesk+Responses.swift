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

    func unseal(_ row: StoredInteraction) -> OpenInteraction? {
        guard let sealed = row.token, let secret = fleet.token(of: row.bot),
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
            let now = ContinuousClock.now
            open.withLock { open in
                open = open.filter { now - $0.value.openedAt < .seconds(15 * 60) }
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
