import BusContract
import CommandKit
import DiscordModel
import DiscordREST
import DurableEvents
import FoundationEssentials
import Logging
import MessageBus
import Postgres
import ServiceKit
import ServiceLifecycle
import Store
import Synchronization

/// Hands interactions to the services that own them, and answers Discord in time whatever becomes of the service.
///
/// Tokens stay here, and sealed in the table `interactions`, from before the hand-over until they expire.
final class InteractionDesk: Service {
    /// Interactions being handled; Discord's own limits keep a bot far below.
    private static let bound = 2_000
    /// How long a service may take once the interaction has been deferred.
    private static let serviceTimeout: Duration = .seconds(60)
    private static let tokenLife: TimeInterval = 15 * 60
    /// How long the database may take: the member's three seconds must not pass in waiting for it.
    private static let databasePatience: Duration = .milliseconds(700)

    private struct Received: Sendable {
        let bot: BotID
        let payload: [UInt8]
        let at: Date
        /// Of one from a session.
        let hold: JournalHold?
        /// Of one that came by HTTP.
        let receipt: DeliveryReceipt?
    }

    let fleet: any FleetPort
    let bus: BusConnection
    let database: PostgresClient
    let manifests: ManifestStore
    let routing: InteractionRouting
    let logger: Logger
    /// This process, by which others know whose open interactions are still cared for.
    let holder: String
    let leases: LeaseKeeper
    let open = Mutex<[InteractionID: OpenInteraction]>([:])
    /// Those of ended processes that are being concluded.
    let finishing = Mutex<Set<InteractionID>>([])
    let texts = CommandKitTexts.catalogue
    private let dropped: Counter
    private let (queue, sink) = AsyncStream.makeStream(of: Received.self, bufferingPolicy: .bufferingOldest(bound))

    init(
        fleet: any FleetPort,
        bus: BusConnection,
        database: PostgresClient,
        manifests: ManifestStore,
        routing: InteractionRouting,
        holder: String,
        leases: LeaseKeeper,
        logger: Logger,
        metrics: MetricsRegistry
    ) {
        self.fleet = fleet
        self.bus = bus
        self.database = database
        self.manifests = manifests
        self.routing = routing
        self.holder = holder
        self.leases = leases
        self.logger = logger
        dropped = metrics.counter("interactions_dropped_total", help: "Interactions that found the desk full.")
    }

    /// Takes an interaction from the read loop, without waiting.
    ///
    /// - Parameters:
    ///   - payload: the event's `d`.
    ///   - hold: released when the interaction is written down or over, so that a kill -9 before has it sent again.
    func received(bot: BotID, payload: [UInt8], hold: JournalHold?) {
        enqueue(Received(bot: bot, payload: payload, at: Date(), hold: hold, receipt: nil))
    }

    /// Takes an interaction that Discord has posted; the receipt tells what becomes of it.
    func deliver(bot: BotID, payload: [UInt8]) -> DeliveryReceipt {
        let receipt = DeliveryReceipt()
        enqueue(Received(bot: bot, payload: payload, at: Date(), hold: nil, receipt: receipt))
        return receipt
    }

    private func enqueue(_ item: Received) {
        guard case .enqueued = sink.yield(item) else {
            dropped.increment()
            item.receipt?.settle(.refused)
            return
        }
    }

    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await self.serveResponses() }
            group.addTask { try await self.keepLease() }
            group.addTask { try? await cancelWhenGracefulShutdown { try await self.finishLeftovers() } }
            group.addTask { try? await cancelWhenGracefulShutdown { try await self.eraseForever() } }
            await withTaskCancellationOrGracefulShutdownHandler {
                await withDiscardingTaskGroup { handlers in
                    for await item in queue {
                        handlers.addTask { await self.handle(item) }
                    }
                }
            } onCancelOrGracefulShutdown: {
                // Those that came are answered; Discord shows an error for any later one.
                self.sink.finish()
            }
        }
    }

    // MARK: One interaction

    private func handle(_ item: Received) async {
        defer { item.hold?.release() }
        let interaction: Interaction
        let token: String
        do {
            interaction = try JSONDecoder().decode(Interaction.self, from: Data(item.payload))
            token = try JSONDecoder().decode(Token.self, from: Data(item.payload)).token
        } catch {
            logger.error("an interaction could not be read", metadata: ["bot": "\(item.bot)", "error": "\(error)"])
            item.receipt?.settle(.unreadable)
            return
        }
        guard
            let request = HandleInteraction(
                interaction,
                bot: item.bot,
                receivedAt: Int64(item.at.timeIntervalSince1970 * 1_000)
            )
        else {
            item.receipt?.settle(.unreadable)
            return
        }
        let entry = OpenInteraction(
            bot: item.bot,
            application: interaction.applicationID,
            token: token,
            id: interaction.id,
            origin: InteractionOrigin(request)
        )
        let language = Language(discordLocale: request.locale)
        guard let owner = await owner(of: request) else {
            let text = texts.text("command.unknown", in: language)
            item.receipt?.settle(.accepted)
            await respond(entry, type: 4, data: Self.apology(text))
            return
        }
        switch await remember(entry, request, owner.service, item) {
        case .new: item.hold?.release()
        case .unwritten: break
        case .known:
            item.receipt?.settle(.known)
            return
        }
        item.receipt?.settle(.accepted)
        var machine = InteractionMachine(kind: request.kind, deferral: owner.deferral)
        if entry.seemsTooOld {
            // Replayed after a RESUME, it can be too old to be answered: the command must then not run unseen. Or our clock
            // is ahead, and nothing is late: Discord knows, by taking a deferral or not.
            guard machine.canDefer else { return await conclude(entry.id, entry.bot, entry.origin, entry) }
            guard await isDeferred(entry, machine.timeIsUp()) else { return }
        }
        open.withLock { $0[entry.id] = entry }
        let state = await converse(entry, request, owner, machine, language)
        await settle(entry, state)
    }

    private func owner(of request: HandleInteraction) async -> ManifestIndex.Owner? {
        if let owner = manifests.owner(of: request) { return owner }
        // Declared to another process of the gateway, or not read yet.
        let manifests = manifests
        try? await withDeadline(Self.databasePatience) { try await manifests.load() }
        return manifests.owner(of: request)
    }

    /// What the conversation waits for.
    enum Event: Sendable {
        case replied(InteractionReply)
        case failed(InteractionMachine.Apology)
        case timeIsUp
    }

    /// Asks the service, defers when it is slow, and answers.
    private func converse(
        _ entry: OpenInteraction,
        _ request: HandleInteraction,
        _ owner: ManifestIndex.Owner,
        _ machine: InteractionMachine,
        _ language: Language
    ) async -> InteractionMachine.State {
        var machine = machine
        let timeout = machine.canDefer ? Self.serviceTimeout : InteractionMachine.lastMoment
        let patience = machine.patience
        let canDefer = machine.canDefer
        await withTaskGroup(of: Event.self) { group in
            group.addTask { await self.ask(request, owner.service, timeout, canDefer: canDefer) }
            group.addTask {
                try? await Task.sleep(for: patience)
                return .timeIsUp
            }
            for await event in group {
                let action: InteractionMachine.Action
                switch event {
                case .replied(let reply): action = machine.replied(reply)
                case .failed(let apology): action = machine.failed(apology)
                case .timeIsUp: action = machine.timeIsUp()
                }
                await perform(action, entry, owner.deferral, language)
                if machine.state != .waiting, machine.state != .deferred { group.cancelAll() }
            }
        }
        return machine.state
    }

    /// Defers before the service is asked; false when Discord does not take it, and the interaction has been concluded.
    private func isDeferred(_ entry: OpenInteraction, _ action: InteractionMachine.Action) async -> Bool {
        guard case .deferReply(let type, let ephemeral) = action,
            await respond(entry, type: type, data: ephemeral ? #"{"flags":64}"# : "")
        else { return false }
        await setState(.deferred, entry.id)
        return true
    }

    private func perform(
        _ action: InteractionMachine.Action,
        _ entry: OpenInteraction,
        _ deferral: Deferral,
        _ language: Language
    ) async {
        switch action {
        case .respond(let type, let data):
            await respond(entry, type: type, data: data)
        case .deferReply(let type, let ephemeral):
            await respond(entry, type: type, data: ephemeral ? #"{"flags":64}"# : "")
            await setState(.deferred, entry.id)
        case .editOriginal(let data):
            await answer(entry, entry.editRequest(data))
        case .followUp(let data):
            await answer(entry, entry.followUpRequest(data))
        case .apologise(let reason):
            let key = reason == .unserved ? "command.unserved" : "command.unavailable"
            let data = Self.apology(texts.text(key, in: language))
            // By whichever way is open: the first response when there was none, else the deferred message, or one of its
            // own beside the message that was to be updated.
            if entry.isAcknowledged {
                await answer(entry, entry.lateRequest(data, after: deferral))
            } else {
                await respond(entry, type: 4, data: data)
            }
        case .nothing:
            break
        }
    }

    // MARK: Discord

    /// Sends the first response; false when it did not arrive.
    @discardableResult
    private func respond(_ entry: OpenInteraction, type: Int, data: String) async -> Bool {
        let body = data.isEmpty ? #"{"type":\#(type)}"# : #"{"type":\#(type),"data":\#(data)}"#
        let request = DiscordRequest(
            .post,
            "/interactions/\(entry.id)/\(entry.token)/callback",
            body: .json(Array(body.utf8)),
            lane: .interaction,
            safety: .idempotent,
            timeout: .seconds(5)
        )
        do {
            _ = try await fleet.execute(request, as: entry.bot)
        } catch let error as DiscordRESTError where error.discordCode == 40_060 {
            // Acknowledged before: our first attempt did arrive.
        } catch is CancellationError {
            // The process ends: the next one finds the row.
            entry.acknowledge()
            return false
        } catch {
            logger.warning(
                "an interaction was not answered",
                metadata: ["interaction": "\(entry.id)", "error": "\(error)"]
            )
            entry.acknowledge()
            await conclude(entry.id, entry.bot, entry.origin, entry)
            return false
        }
        entry.acknowledge()
        return true
    }

    private func answer(_ entry: OpenInteraction, _ request: DiscordRequest) async {
        do {
            _ = try await fleet.execute(request, as: entry.bot)
        } catch {
            logger.warning(
                "a late answer did not arrive",
                metadata: ["interaction": "\(entry.id)", "error": "\(error)"]
            )
        }
    }

    static func apology(_ text: String) -> String {
        let message = OutgoingMessage(content: text, flags: OutgoingMessage.ephemeralFlag)
        guard let bytes = try? JSONEncoder().encode(message) else { return #"{"content":"⚠️","flags":64}"# }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: The table

    private enum Remembered {
        case new
        /// The database does not take it: it is served all the same, and only a restart would lose it.
        case unwritten
        /// It was handled before: Discord replays.
        case known
    }

    /// Writes the interaction down before it is handed over.
    private func remember(
        _ entry: OpenInteraction,
        _ request: HandleInteraction,
        _ service: ServiceRole,
        _ item: Received
    ) async -> Remembered {
        do {
            let sealed = try fleet.token(of: entry.bot).map { try TokenSeal($0).seal(entry.token) }
            let row = StoredInteraction(
                interaction: entry.id,
                bot: entry.bot,
                application: entry.application,
                token: sealed,
                service: service.rawValue,
                name: String(request.name.prefix(100)),
                kind: request.kind.rawValue,
                receivedAt: item.at,
                expiresAt: item.at.addingTimeInterval(Self.tokenLife),
                channel: request.channel,
                user: request.member.user,
                locale: request.locale,
                holder: holder
            )
            let (database, holder) = (database, holder)
            return try await withDeadline(Self.databasePatience) {
                if try await Interactions(database).insert(row) { return .new }
                // A session sends again what its process did not come to; Discord posts each interaction once.
                guard item.receipt == nil else { return .known }
                return try await Interactions(database).takeOver(row.interaction, by: holder) ? .new : .known
            }
        } catch {
            // The member must not pay for it.
            logger.warning("an interaction was not written down", metadata: ["error": "\(error)"])
            return .unwritten
        }
    }

    private func settle(_ entry: OpenInteraction, _ state: InteractionMachine.State) async {
        switch state {
        case .answered: await setState(.answered, entry.id)
        case .failed: await setState(.failed, entry.id)
        // `RespondInteraction` finds it here, and in the table.
        case .promised, .waiting, .deferred: return
        }
        _ = open.withLock { $0.removeValue(forKey: entry.id) }
    }

    func setState(_ state: StoredInteraction.State, _ id: InteractionID) async {
        do {
            let database = database
            try await withDeadline(Self.databasePatience) { try await Interactions(database).set(state, of: id) }
        } catch {
            logger.debug("an interaction's state was not written", metadata: ["error": "\(error)"])
        }
    }

    private struct Token: Decodable {
        let token: String
    }
}
