import CZeroMQ
import Glibc

/// The sockets that a socket thread waits for, and its doorbell.
///
/// Filled anew whenever the sockets change; `wait` tells for each, in the order they were added, what it is ready for.
///
/// It does what `zmq_poll` does with a third of the system calls, since it knows which sockets cannot have become ready
/// without a signal: a thread that sleeps between single messages spends most of its time on these calls.
package struct PollSet {
    private var descriptors: [pollfd] = []
    // One for each descriptor after the doorbell's.
    private var entries: [Entry] = []

    private struct Entry {
        let socket: Socket
        var wanted: Events
        var ready: Events = []
    }

    /// What a socket is waited for, or is ready for.
    package struct Events: OptionSet, Sendable {
        package let rawValue: Int16
        package init(rawValue: Int16) { self.rawValue = rawValue }
        package static let readable = Self(rawValue: Int16(ZMQ_POLLIN))
        package static let writable = Self(rawValue: Int16(ZMQ_POLLOUT))
    }

    package init(doorbell: Doorbell) {
        descriptors.append(pollfd(fd: doorbell.descriptor, events: Int16(POLLIN), revents: 0))
    }

    /// Adds a socket and gives its index for `setEvents` and `events(at:)`.
    package mutating func add(_ socket: Socket, _ events: Events) -> Int {
        descriptors.append(pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0))
        entries.append(Entry(socket: socket, wanted: events))
        socket.mayBeReady = true
        return entries.count - 1
    }

    /// Changes what a socket is waited for; nothing lets it rest.
    package mutating func setEvents(_ events: Events, at index: Int) {
        guard entries[index].wanted != events else { return }
        entries[index].wanted = events
        entries[index].socket.mayBeReady = true
        // Negative descriptors are passed over (poll(2)).
        descriptors[index + 1].fd = events.isEmpty ? -1 : entries[index].socket.descriptor
    }

    /// Forgets all sockets but the doorbell.
    package mutating func removeAll() {
        descriptors.removeSubrange(1...)
        entries.removeAll(keepingCapacity: true)
    }

    /// Blocks until something is ready, the doorbell rings, or the time is over; it may end early with nothing ready.
    package mutating func wait(_ timeout: Duration, doorbell: Doorbell) throws(ZeroMQError) {
        var isAnyReady = false
        for index in entries.indices {
            entries[index].ready = []
            guard entries[index].socket.mayBeReady, !entries[index].wanted.isEmpty else { continue }
            try ask(index)
            if !entries[index].ready.isEmpty { isAnyReady = true }
        }
        // From here on, whatever changes makes a descriptor readable.
        var time = isAnyReady ? timespec() : timespec(timeout)
        let count = ppoll(&descriptors, nfds_t(descriptors.count), &time, nil)
        guard count > 0 else {
            guard count == 0 || errno == EINTR else { throw ZeroMQError(number: errno, operation: "poll") }
            return
        }
        if descriptors[0].revents != 0 { doorbell.silence() }
        for index in entries.indices where descriptors[index + 1].revents != 0 { try ask(index) }
    }

    private mutating func ask(_ index: Int) throws(ZeroMQError) {
        let ready = try entries[index].socket.readiness().intersection(entries[index].wanted)
        entries[index].ready = ready
        entries[index].socket.mayBeReady = !ready.isEmpty
    }

    /// What the last `wait` found at that index.
    package func events(at index: Int) -> Events {
        entries[index].ready
    }
}

extension timespec {
    /// Not negative.
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = max(.zero, duration).components
        self.init(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    }
}
