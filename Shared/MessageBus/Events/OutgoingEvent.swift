package import BusContract

/// An event on its way to the bus.
package struct OutgoingEvent: Sendable {
    package var topic: Topic
    /// `source` and `sentAt` are filled in by the connection when they are empty.
    package var header: Header
    package var payload: [UInt8]

    package init(topic: Topic, header: Header, payload: [UInt8]) {
        self.topic = topic
        self.header = header
        self.payload = payload
    }
}
