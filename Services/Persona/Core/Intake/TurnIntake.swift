import BusContract
import DiscordModel
import DurableEvents
import FoundationEssentials
import Postgres
import Routing
import ServiceKit
import Store

/// Makes a turn of every message that speaks to one of our bots, in the transaction that stores the position: what was
/// asked while nobody worked is answered later, and nothing is answered twice.
struct TurnIntake: DurableHandler {
    /// A bot that logs in for the first time becomes known within this time, or its mentions are nobody's.
    private static let patience: Duration = .seconds(30)
    let fleet: FleetDirectory
    let taken: Counter
    /// How long an answer is wanted.
    let maximumAge: Duration
    var routing: TurnRouting?

    func examine(_ event: DurableEvent) async throws -> [NewTurn]? {
        guard EventKind.isAddressed(event.header.flags) else { return nil }
        let message = try event.payload.withUnsafeBytes { bytes throws(MalformedJSON) in try MessageEvent(json: bytes) }
        let bots = try await knownBots(for: message)
        let addressed = TurnDetection.bots(addressedBy: message, receiver: event.bot, bots: bots)
        guard !addressed.isEmpty else { return nil }
        let request = try JSONParameter.json(Question(message, trace: event.header.trace?.traceID ?? ""))
        let place = try await routing?.place(of: message) ?? ChannelNames.Place()
        let asked = Date(timeIntervalSince1970: Double(message.id.millisecondsSinceEpoch) / 1000)
        return addressed.map { bot in
            NewTurn(
                message: message.id,
                bot: bot,
                guild: message.guildID,
                channel: message.channelID,
                author: message.author.id,
                request: request,
                channelName: place.channel,
                categoryName: place.category,
                expiresAt: asked.addingTimeInterval(maximumAge.seconds)
            )
        }
    }

    func perform(_ work: [[NewTurn]], in transaction: DurableTransaction) async throws {
        for turn in work.joined() {
            if try await Turns(transaction).add(turn) { taken.increment() }
        }
    }

    /// Our bots' users. Waits for the gateway to say which they are: a mention that cannot be told yet must not be
    /// taken for somebody else's.
    private func knownBots(for message: MessageEvent) async throws -> [UserID: BotID] {
        let limit = ContinuousClock.now + Self.patience
        while true {
            if let bots = fleet.bots {
                let isClear = message.guildID == nil || message.mentions.allSatisfy { bots[$0] != nil }
                if isClear || !fleet.isIncomplete || ContinuousClock.now > limit { return bots }
            }
            await fleet.refresh()
            if fleet.isIncomplete { try await Task.sleep(for: .milliseconds(250)) }
        }
    }
}
