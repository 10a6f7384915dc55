package import MessageBus

/// The two frames that the broker passes on unread.
package struct RequestBody: Hashable, Sendable {
    package var header: [UInt8]
    package var payload: [UInt8]

    package init(header: [UInt8] = [], payload: [UInt8] = []) {
        self.header = header
        self.payload = payload
    }

    var count: Int { header.count + payload.count }
}

/// What the broker wants done.
package enum BrokerAction: Hashable, Sendable {
    case send(PeerID, Envelope, RequestBody?)
    /// Something that an operator should be able to see: counted under `kind`, and logged.
    case note(BrokerNote)
}

/// What the broker counts and logs.
package struct BrokerNote: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case refusedPermission = "permission"
        case refusedQueueFull = "queue-full"
        case refusedIdentity = "identity"
        case malformed
        case peerLost = "peer-lost"
        case workerLost = "worker-lost"
        case workerSilent = "worker-silent"
        case resent
        case outcomeUnknown = "outcome-unknown"
        case expired
        case lateReply = "late-reply"
    }

    package let kind: Kind
    package let user: String
    package let detail: String
}

/// The bounds of the broker.
package struct BrokerLimits: Sendable {
    /// Requests that wait at one address.
    package var queueLength = 10_000
    /// Bytes of all requests that wait, or may have to be sent again.
    package var bytes = 256 << 20
    /// Silence after which a worker's repeatable requests go to others: more than the second within which every peer
    /// gives a sign of life, and short of the deadlines that callers set.
    package var suspicion: Duration = .milliseconds(1250)
    /// Silence after which a peer counts as dead.
    package var patience: Duration = .seconds(3)
    /// Time between the pulses that peers get; a peer that has gone is noticed by the next one.
    package var pulse: Duration = .milliseconds(250)
    /// How long a request may run that was handed over by the broker before this one.
    package var adoption: Duration = .seconds(60)

    package init() {}
}
