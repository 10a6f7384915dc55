package import BusContract
package import DiscordModel
import FoundationEssentials

/// A Discord event that a consumer gets once, however it came: live or from the journal.
package struct DurableEvent: Sendable {
    /// Its kind (``EventKind``), for example `MESSAGE_CREATE`.
    package let name: String
    /// The bot whose session received it.
    package let bot: BotID
    package let header: HeaderOutline
    /// The event's `d`, as Discord sent it. It may point into the memory of a whole batch: copy what is kept.
    package let payload: ArraySlice<UInt8>
    /// It was missed live, or came before the consumer was there.
    package let isFromJournal: Bool

    package init(
        name: String,
        bot: BotID,
        header: HeaderOutline,
        payload: ArraySlice<UInt8>,
        isFromJournal: Bool
    ) {
        self.name = name
        self.bot = bot
        self.header = header
        self.payload = payload
        self.isFromJournal = isFromJournal
    }

    /// How long ago the gateway received it, by this machine's wall clock; never negative.
    package var age: Duration {
        guard isFromJournal else { return .zero }
        let now = Date().timeIntervalSince1970 * 1_000_000
        return .microseconds(max(0, Int64(now) - Int64(clamping: header.sentAt)))
    }

    var place: PositionTracker.Place {
        PositionTracker.Place(stream: header.stream, seq: header.seq)
    }
}
