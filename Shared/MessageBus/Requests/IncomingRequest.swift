package import BusContract

/// A request as a worker gets it, its payload not decoded yet.
package struct IncomingRequest: Sendable {
    package let id: RequestID
    package let context: RequestContext
    package let payload: [UInt8]
}

/// What a handler knows about the request beside its payload.
package struct RequestContext: Sendable {
    package let address: RequestAddress

    /// The service that asks, by its log-in; empty where the bus has no log-ins.
    package let caller: ServiceRole

    /// The instant at which the caller gives up. A handler bounds its own waits by it.
    package let deadline: ContinuousClock.Instant

    package let header: Header

    /// Makes a repeated request recognisable; empty = none.
    package var key: String { header.key }

    package var trace: TraceContext? { header.trace }

    /// The time that is left; not negative.
    package var remaining: Duration { max(.zero, deadline - .now) }

    package init(address: RequestAddress, caller: ServiceRole, deadline: ContinuousClock.Instant, header: Header) {
        self.address = address
        self.caller = caller
        self.deadline = deadline
        self.header = header
    }
}
