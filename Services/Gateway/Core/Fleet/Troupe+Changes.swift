import BusContract
import DiscordModel
import MessageBus
import Postgres
import ServiceKit
import Store

/// Bots that come and go while the others run.
extension Troupe {
    /// Adds a bot, in the table first. Asked twice, it is added once.
    ///
    /// - Throws: `RequestFailure` if the name is taken, or there is no token where the reference says.
    func add(_ request: AddBot) async throws -> BotStatus {
        guard let reference = TokenReference(request.tokenReference) else {
            throw RequestFailure(code: "invalid", message: "tokenRef: expected \(TokenReference.expectation)")
        }
        let id = request.bot
        guard !roster.fixed.contains(id) else {
            throw RequestFailure(code: "conflict", message: "\(id) stands in config/fleet.yaml")
        }
        let token: Secret
        do {
            token = try reference.resolve(with: settings)
        } catch {
            throw RequestFailure(code: "invalid", message: "tokenRef: \(error)")
        }
        // Two sessions of one application would take each other's place.
        if let owner = bots.first(where: { $0.id != id && $0.configuration.token == token }) {
            throw RequestFailure(code: "conflict", message: "\(owner.id) has that token")
        }
        guard bots.count < BotRoster.capacity || bot(id) != nil else {
            throw RequestFailure(code: "conflict", message: "there are \(bots.count) bots, and there may be no more")
        }
        let record: BotRecord?
        do {
            record = try await Bots(database).add(id, tokenReference: reference.text)
        } catch {
            throw RequestFailure(code: "unavailable", message: "the database does not answer: \(error)")
        }
        guard let record else {
            throw RequestFailure(code: "conflict", message: "there is a bot \(id), whose token is elsewhere")
        }
        roster.join(record)
        return bot(id)?.currentStatus ?? BotStatus(bot: id, state: .stopped)
    }

    /// Removes a bot that was added, from the table first. Asked twice, it is removed once.
    ///
    /// - Throws: `RequestFailure` for one that stands in `config/fleet.yaml`.
    func remove(_ request: RemoveBot) async throws -> BotStatus {
        guard !roster.fixed.contains(request.bot) else {
            throw RequestFailure(
                code: "conflict",
                message: "\(request.bot) stands in config/fleet.yaml: take it out there, or stop it"
            )
        }
        let last = bot(request.bot)?.currentStatus
        do {
            try await Bots(database).remove(request.bot)
        } catch {
            throw RequestFailure(code: "unavailable", message: "the database does not answer: \(error)")
        }
        await roster.leave(request.bot)
        var status = last ?? BotStatus(bot: request.bot, state: .stopped)
        status.state = .stopped
        status.reason = "removed"
        return status
    }
}
