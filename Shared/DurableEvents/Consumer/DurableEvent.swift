package import BusContract
package import DiscordModel

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
    /// How long ago the gateway received it, when it was read from the journal; else zero. By the database's clock: this
    /// machine's can be wrong, and a member would then not be told of what was done a moment ago.
    package let age: Duration

    package init(
        name: String,
        bot: BotID,
        header: HeaderOutline,
        payload: ArraySlice<UInt8>,
        isFromJournal: Bool,
        age: Duration = .zero
    ) {
        self.name = name
        self.bot = bot
        self.header = header
        self.payload = payload
        self.isFromJournal = isFromJournal
        self.age = max(age, .zero)
    }

    var place: PositionTracker.Place {
        PositionTracker.Place(stream: header.stream, seq: header.seq)
    }
}
