import BusContract
import DiscordModel
import DiscordREST
import FoundationEssentials
import Synchronization

/// An interaction that has not been answered for good: where it is answered.
final class OpenInteraction: Sendable {
    let bot: BotID
    let application: ApplicationID
    let token: String
    let id: InteractionID
    let openedAt = ContinuousClock.now
    let origin: InteractionOrigin?
    private let acknowledged: Mutex<(done: Bool, waiters: [CheckedContinuation<Void, Never>])>

    init(
        bot: BotID,
        application: ApplicationID,
        token: String,
        id: InteractionID,
        isAcknowledged: Bool = false,
        origin: InteractionOrigin? = nil
    ) {
        self.origin = origin
        self.bot = bot
        self.application = application
        self.token = token
        self.id = id
        acknowledged = Mutex((isAcknowledged, []))
    }

    /// Whether it is too old for a first response, which Discord takes within 3 s: as far as our clock can tell, for that
    /// is compared with Discord's, in the id.
    var seemsTooOld: Bool {
        !isAcknowledged && Date().timeIntervalSince1970 * 1_000 > Double(id.millisecondsSinceEpoch) + 3_000
    }

    var isAcknowledged: Bool { acknowledged.withLock { $0.done } }

    /// Discord has the first response.
    func acknowledge() {
        let waiters = acknowledged.withLock { state in
            state.done = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits for the first response: an edit before it would be refused. It comes within 3 s, well or not.
    func waitUntilAcknowledged() async {
        await withCheckedContinuation { continuation in
            let isDone = acknowledged.withLock { state in
                if !state.done { state.waiters.append(continuation) }
                return state.done
            }
            if isDone { continuation.resume() }
        }
    }

    func editRequest(_ data: String) -> DiscordRequest {
        DiscordRequest(
            .patch,
            "/webhooks/\(application)/\(token)/messages/@original",
            body: .json(Array(data.utf8)),
            lane: .interaction,
            timeout: .seconds(20)
        )
    }

    /// Asks for the answer as the member sees it.
    var lookRequest: DiscordRequest {
        DiscordRequest(
            .get,
            "/webhooks/\(application)/\(token)/messages/@original",
            lane: .interaction,
            timeout: .seconds(20)
        )
    }

    func followUpRequest(_ data: String) -> DiscordRequest {
        DiscordRequest(
            .post,
            "/webhooks/\(application)/\(token)",
            body: .json(Array(data.utf8)),
            lane: .interaction,
            safety: .never,
            timeout: .seconds(20)
        )
    }

    /// Says something after a deferral that had no answer. The original of an update is the message with the component,
    /// which must not be written over.
    func lateRequest(_ data: String, after deferral: Deferral) -> DiscordRequest {
        deferral == .update ? followUpRequest(data) : editRequest(data)
    }

    var deleteRequest: DiscordRequest {
        DiscordRequest(
            .delete,
            "/webhooks/\(application)/\(token)/messages/@original",
            lane: .interaction,
            timeout: .seconds(20)
        )
    }
}
