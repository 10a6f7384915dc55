import CZeroMQ
import Glibc

/// The sockets that a socket thread waits for, and its doorbell.
///
/// Filled anew whenever the sockets change; `wait` tells for each, in the order they were added, what it is ready for.
package struct PollSet {
    private var items: [zmq_pollitem_t] = []
    // Handles in `items` are borrowed, so the sockets are kept here.
    private var sockets: [Socket] = []

    /// What a socket is waited for, or is ready for.
    package struct Events: OptionSet, Sendable {
        package let rawValue: Int16
        package init(rawValue: Int16) { self.rawValue = rawValue }
        package static let readable = Self(rawValue: Int16(ZMQ_POLLIN))
        package static let writable = Self(rawValue: Int16(ZMQ_POLLOUT))
    }

    package init(doorbell: Doorbell) {
        items.append(zmq_pollitem_t(socket: nil, fd: doorbell.descriptor, events: Int16(ZMQ_POLLIN), revents: 0))
    }

    /// Adds a socket and gives its index for `setEvents` and `events(at:)`.
    package mutating func add(_ socket: Socket, _ events: Events) -> Int {
        items.append(zmq_pollitem_t(socket: socket.handle, fd: 0, events: events.rawValue, revents: 0))
        sockets.append(socket)
        return items.count - 1
    }

    package mutating func setEvents(_ events: Events, at index: Int) {
        items[index].events = events.rawValue
    }

    /// Forgets all sockets but the doorbell.
    package mutating func removeAll() {
        items.removeSubrange(1...)
        sockets.removeAll(keepingCapacity: true)
    }

    /// Blocks until something is ready, the doorbell rings, or the time is over.
    package mutating func wait(_ timeout: Duration, doorbell: Doorbell) throws(ZeroMQError) {
        let milliseconds = Int(timeout.wholeMilliseconds)
        guard zmq_poll(&items, Int32(items.count), milliseconds) >= 0 else {
            let error = ZeroMQError.last("poll")
            guard error.code == .interrupted else { throw error }
            for index in items.indices { items[index].revents = 0 }
            return
        }
        if items[0].revents != 0 { doorbell.silence() }
    }

    /// What the last `wait` found at that index.
    package func events(at index: Int) -> Events {
        Events(rawValue: items[index].revents)
    }
}
