import BusContract
import ZeroMQ

/// Finds the events in what a subscription's socket has delivered: one a message, or the many of an `EventBatch`. Pure.
struct EventSorting {
    private(set) var places: [EventBlock.Place] = []
    /// How often the subscription was confirmed.
    private(set) var openings = 0
    /// Messages that are neither events nor confirmations, and batches that end in the middle.
    private(set) var malformed = 0

    private let openingTopic: [UInt8]

    /// - Parameter openingTopic: the topic of the subscription's own confirmation.
    init(openingTopic: [UInt8]) {
        self.openingTopic = openingTopic
    }

    mutating func sort(_ contents: MessageBatch.Contents) {
        places.reserveCapacity(contents.messageEnds.count)
        let ends = contents.frameEnds
        var frame = 0
        var start: Int32 = 0
        for messageEnd in contents.messageEnds {
            defer {
                frame = Int(messageEnd)
                start = ends[frame - 1]
            }
            guard Int(messageEnd) - frame == 3 else {
                malformed += 1
                continue
            }
            let topic = start..<ends[frame]
            let header = ends[frame]..<ends[frame + 1]
            let payload = ends[frame + 1]..<ends[frame + 2]
            if isConfirmation(contents.slice(topic)) { continue }
            if EventBatch.isAnnounced(by: contents.slice(header)) {
                unpack(contents, topic, payload)
            } else {
                places.append(EventBlock.Place(topic: topic, header: header, payload: payload))
            }
        }
    }

    /// Takes out our own confirmation, and those of others, which a subscriber to everything sees.
    private mutating func isConfirmation(_ topic: UnsafeRawBufferPointer) -> Bool {
        guard topic.first == UInt8(ascii: "b"), topic.starts(with: SubscriptionOpening.prefix.utf8) else {
            return false
        }
        if topic.elementsEqual(openingTopic) { openings += 1 }
        return true
    }

    private mutating func unpack(_ contents: MessageBatch.Contents, _ topic: Range<Int32>, _ payload: Range<Int32>) {
        var reader = EventBatch.Reader(contents.slice(payload))
        do {
            while let event = try reader.next() {
                places.append(
                    EventBlock.Place(
                        topic: topic,
                        header: event.header.moved(by: payload.lowerBound),
                        payload: event.payload.moved(by: payload.lowerBound)
                    )
                )
            }
        } catch {
            // What came before the damage is whole; what is lost shows by the next event's `prev`.
            malformed += 1
        }
    }
}

extension MessageBatch.Contents {
    fileprivate func slice(_ range: Range<Int32>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[Int(range.lowerBound)..<Int(range.upperBound)])
    }
}

extension Range<Int> {
    /// A range of a frame as one of the block, which is less than 2 GB.
    fileprivate func moved(by offset: Int32) -> Range<Int32> {
        let lower = offset + Int32(truncatingIfNeeded: lowerBound)
        return lower..<lower + Int32(truncatingIfNeeded: count)
    }
}
