import BusContract
import ZeroMQ

/// Events of one delivery, which refer to it: one reference for each event instead of one for each part of a batch.
final class EventBlock: Sendable {
    /// Where the parts of an event lie.
    struct Place {
        let topic: Range<Int32>
        let header: Range<Int32>
        let payload: Range<Int32>
    }

    /// All frames, one behind the other.
    let bytes: [UInt8]
    private let places: [Place]

    init(bytes: [UInt8], places: [Place]) {
        self.bytes = bytes
        self.places = places
    }

    var count: Int { places.count }

    func append(to events: inout [IncomingEvent]) {
        for place in places { events.append(IncomingEvent(block: self, place: place)) }
    }
}
