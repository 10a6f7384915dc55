package import BusContract

/// How far a consumer has come in one partition, and whether an event that arrives is the next one.
///
/// It is kept by event, because only an event's own `prev` tells whether one of its kind was missed. Pure: the journal
/// and the database are asked by `PartitionConsumer`.
package struct PositionTracker: Sendable {
    /// A place in a partition. Streams of a partition have growing numbers, so that places compare.
    package struct Place: Hashable, Comparable, Sendable {
        package var stream: UInt64
        package var seq: UInt64

        package init(stream: UInt64, seq: UInt64) {
            self.stream = stream
            self.seq = seq
        }

        package static func < (left: Self, right: Self) -> Bool {
            (left.stream, left.seq) < (right.stream, right.seq)
        }
    }

    package enum Verdict: Hashable, Sendable {
        /// It is the next one.
        case deliver
        /// It has been handled before.
        case duplicate
        /// Something before it is missing: read the journal up to this place first.
        case gap(upTo: Place)
    }

    /// The events that are consumed, by Discord's names.
    package let events: [String]
    private var places: [String: Place]

    package init(events: [String], places: [String: Place]) {
        self.events = events
        self.places = places.filter { events.contains($0.key) }
    }

    /// The last event of that name that has been handled; stream 0 when none has.
    package func place(of event: String) -> Place {
        places[event] ?? Place(stream: 0, seq: 0)
    }

    /// The places to be saved.
    package var allPlaces: [String: Place] { places }

    /// The earliest place of all events: where reading the journal begins.
    package var earliest: Place {
        events.map(place).min() ?? Place(stream: 0, seq: 0)
    }

    /// Judges an event that came live.
    package func judge(_ event: String, stream: UInt64, seq: UInt64, prev: UInt64) -> Verdict {
        let last = place(of: event)
        if Place(stream: stream, seq: seq) <= last { return .duplicate }
        // A new stream begins only when the one before has been finished, which the journal alone can tell.
        guard stream == last.stream, prev <= last.seq else { return .gap(upTo: Place(stream: stream, seq: prev)) }
        return .deliver
    }

    /// The first place that a pulse shows and that has not been reached; nil when nothing is missing.
    package func missing(in head: Head) -> (event: String, place: Place)? {
        for topic in head.topics where events.contains(topic.event) {
            let shown = Place(stream: head.stream, seq: topic.seq)
            if place(of: topic.event) < shown { return (topic.event, shown) }
        }
        return nil
    }

    /// Whether everything of that event up to the place has been handled.
    package func hasReached(_ target: Place, of event: String) -> Bool {
        place(of: event) >= target
    }

    /// Notes that an event has been handled.
    package mutating func advance(_ event: String, to place: Place) {
        guard place > self.place(of: event) else { return }
        places[event] = place
    }

    /// Begins a stream: whatever came before it is finished.
    package mutating func enter(stream: UInt64) {
        for event in events where place(of: event).stream < stream {
            places[event] = Place(stream: stream, seq: 0)
        }
    }
}
