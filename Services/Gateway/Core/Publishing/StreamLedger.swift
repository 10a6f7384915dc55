import BusContract
import DurableEvents
import MessageBus
import Synchronization

/// What one shard has published: shared by the read loop, which writes it, and the pulse, which tells it.
final class StreamLedger: Sendable {
    private struct State {
        var stream: UInt64 = 0
        var heads: [EventKind: UInt64] = [:]
        var writer: JournalWriter?
    }

    let partition: Partition
    private let state = Mutex(State())

    init(partition: Partition) {
        self.partition = partition
    }

    /// A stream is open, with what is in the journal of it.
    func open(stream: UInt64, heads: [EventKind: UInt64], writer: JournalWriter) {
        state.withLock { $0 = State(stream: stream, heads: heads, writer: writer) }
    }

    /// Notes that durable events are on their way to the bus: the last of their kind.
    func published(_ kind: EventKind, _ sequence: UInt64) {
        state.withLock { $0.heads[kind] = sequence }
    }

    var writer: JournalWriter? { state.withLock { $0.writer } }

    /// The pulse as of now; nil before the first stream.
    var head: Head? {
        state.withLock { state in
            guard state.stream != 0, let writer = state.writer else { return nil }
            return Head(
                partition: partition,
                stream: state.stream,
                topics: state.heads.map { TopicHead(event: $0.key.rawValue, seq: $0.value) }.sorted {
                    $0.event < $1.event
                },
                journalled: writer.journalled
            )
        }
    }

    /// Publishes the pulse.
    func publishHead(on bus: BusConnection) {
        guard let head, let payload = try? BusJSON.encode(head) else { return }
        var header = Header()
        header.type = Head.typeName
        header.schemaVersion = Head.schemaVersion
        header.stream = head.stream
        header.bot = partition.bot
        bus.publish(OutgoingEvent(topic: .head(partition), header: header, payload: payload))
    }
}
