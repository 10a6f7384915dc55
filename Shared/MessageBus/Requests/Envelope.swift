/// The first frame of every message between a peer and the switchboard's request socket.
///
/// On the wire it is the proto3 message `ensemble.bus.v1.Envelope`, written and read by hand. A `request` and a `reply`
/// are followed by the frames header and payload; all other verbs stand alone.
package struct Envelope: Hashable, Sendable {
    /// What the message does.
    package enum Verb: String, Sendable {
        /// Peer to switchboard: I am here, under this client number.
        case hello
        /// Switchboard to peer: you are known; `epoch` names this run of the switchboard.
        case welcome
        /// Switchboard to peer: I do not know you, say hello. A reply comes back with it, to be sent again.
        case who
        /// Both ways: I live.
        case pulse
        /// Peer to switchboard: I am leaving.
        case bye
        /// Worker to switchboard: I serve `address`; `credit` more requests may come, counted from `received`.
        case serve
        /// Worker to switchboard: no more requests of `address`. The switchboard says it too, when it has stopped.
        case leave
        /// Client to switchboard to worker.
        case request
        /// Worker to switchboard to client; `code` is empty when it went well.
        case reply
        /// Client to switchboard: nobody waits any more.
        case cancel
    }

    package var verb: Verb
    package var client: UInt64 = 0
    package var number: UInt64 = 0
    package var address = ""
    /// Milliseconds that the sender still waits.
    package var deadlineMilliseconds: UInt64 = 0
    package var isRepeatable = false
    /// How many more requests the worker takes of `address`: its free capacity, not an increment.
    package var credit: UInt64 = 0
    /// How many requests of `address` the worker had received, in this session, when it stated `credit`.
    package var received: UInt64 = 0
    /// Names a run of the switchboard: with `welcome` this one, with `serve` the one that `running` came from.
    package var epoch: UInt64 = 0
    /// The requests that the worker is at, each as client and number.
    package var running: [RequestID] = []
    package var code = ""
    package var message = ""
    /// Who asks, as the switchboard knows it from the log-in.
    package var user = ""

    package init(_ verb: Verb) {
        self.verb = verb
    }

    /// A reply's code when the worker has not begun the request, whose frames it sends back: another may have it.
    package static let notTaken = "bus.not-taken"

    package var id: RequestID {
        get { RequestID(client: client, number: number) }
        set {
            client = newValue.client
            number = newValue.number
        }
    }
}
