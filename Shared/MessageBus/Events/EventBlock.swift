import ZeroMQ

/// Events of one delivery, which refer to it: one reference for each event instead of one for each part of a batch.
final class EventBlock: Sendable {
    private let batch: MessageBatch

    /// - Parameter batch: messages of three frames each.
    init(_ batch: consuming MessageBatch) {
        self.batch = batch
    }

    var count: Int { batch.count }

    /// All frames, one behind the other.
    var bytes: [UInt8] { batch.bytes }

    func append(to events: inout [IncomingEvent]) {
        batch.withFrameEnds { ends in
            var start: Int32 = 0
            for frame in stride(from: 0, to: ends.count - 2, by: 3) {
                events.append(
                    IncomingEvent(block: self, start: start, ends: (ends[frame], ends[frame + 1], ends[frame + 2]))
                )
                start = ends[frame + 2]
            }
        }
    }
}
