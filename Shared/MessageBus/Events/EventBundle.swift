import ZeroMQ

/// Events that are put together by one task and go to the bus at once: one lock and one wake-up for all of them.
///
/// Fill it, hand it to `BusConnection.publish`, and fill it again: its memory is used again.
package struct EventBundle: Sendable {
    var batch = MessageBatch()

    package init() {}

    package var isEmpty: Bool { batch.isEmpty }

    package var count: Int { batch.count }

    /// Adds an event. Its header is encoded, with `source` (the connection's) and `sentAt`; everything is copied.
    package mutating func append(topic: [UInt8], header: [UInt8], payload: UnsafeRawBufferPointer) {
        topic.withUnsafeBytes { topic in
            header.withUnsafeBytes { header in batch.append(message: topic, header, payload) }
        }
    }
}
