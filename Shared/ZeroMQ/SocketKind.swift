import CZeroMQ

/// The messaging patterns of libzmq that the bus uses.
package enum SocketKind: Sendable {
    case publish
    case subscribe
    /// A publisher that sees subscriptions as messages: 1 or 0, then the prefix.
    case extendedPublish
    /// A subscriber that subscribes by sending: 1 or 0, then the prefix.
    case extendedSubscribe
    case dealer
    /// Frames from a peer are preceded by its identity; frames to a peer are sent with it in front.
    case router
    case request
    case reply
    case pair
    case push
    case pull

    var number: Int32 {
        switch self {
        case .publish: ZMQ_PUB
        case .subscribe: ZMQ_SUB
        case .extendedPublish: ZMQ_XPUB
        case .extendedSubscribe: ZMQ_XSUB
        case .dealer: ZMQ_DEALER
        case .router: ZMQ_ROUTER
        case .request: ZMQ_REQ
        case .reply: ZMQ_REP
        case .pair: ZMQ_PAIR
        case .push: ZMQ_PUSH
        case .pull: ZMQ_PULL
        }
    }
}
