import BusContract
import Logging
import ServiceKit
import ZeroMQ

extension BusSockets {
    /// Messages that are moved for one socket before the others get their turn.
    private static let batchMessages = 2048
    /// Small enough to stay in the processor's cache until the consumer reads it.
    private static let batchBytes = 128 << 10

    /// How often the queue of outgoing events is emptied before the other sockets get their turn.
    private static let publishingRounds = 8

    // MARK: Publishing

    /// Sends what waits, as far as the switchboard takes it.
    func publishWaiting() throws(ZeroMQError) {
        guard let publisher else { return }
        if publisherIsReadable { try readSubscriptions(of: publisher) }
        guard publisherRest.end == nil else { return }
        var rounds = 0
        while publisherIsOpen, !publisherIsBlocked, rounds < Self.publishingRounds {
            if sendingStart >= sending.count {
                sending.removeAll(keepingCapacity: sending.byteCount < 4 << 20)
                sendingStart = 0
                outgoing.take(into: &sending)
                publisherRest.moved(sending.count, isDrained: sending.isEmpty, now: .now)
                if sending.isEmpty { return }
                rounds += 1
            }
            sendingStart = try publisher.send(events: sending, from: sendingStart)
            publisherIsBlocked = sendingStart < sending.count
        }
    }

    /// An XPUB hears from the switchboard's XSUB that it subscribes: only then is anything worth sending.
    private func readSubscriptions(of publisher: Socket) throws(ZeroMQError) {
        while try publisher.receive(into: frame) {
            if let first = frame.bytes.first { publisherIsOpen = first == 1 }
            try publisher.discardRest(of: frame)
        }
        if !publisherIsOpen { publisherIsBlocked = false }
        publisherIsReadable = false
    }

    // MARK: Subscribing

    /// Opens a subscription, its filters in the order given and the request for a confirmation last.
    func subscribe(_ id: Int, filters: [TopicFilter], buffer: SubscriptionBuffer, name: String) throws(ZeroMQError) {
        guard let context else {
            buffer.finish()
            return
        }
        let socket = try Socket(.subscribe, options: configuration.securedSockets, context: context)
        for filter in filters { try socket.subscribe(to: filter.prefix.utf8) }
        let openingTopic = Array(SubscriptionOpening.topic(nonce: .random(in: 1 ... .max)).utf8)
        try socket.subscribe(to: openingTopic)
        let login = try watchLogin(of: socket, configuration.endpoints.eventsOut)
        try socket.connect(configuration.endpoints.eventsOut)
        subscriptions[id] = Subscription(
            socket: socket,
            login: login,
            buffer: buffer,
            dropped: metrics.dropped(by: name),
            openingTopic: openingTopic
        )
        pollSetIsStale = true
    }

    func receiveEvents() throws(ZeroMQError) {
        for (id, subscription) in subscriptions where subscription.mayHaveMore {
            var batch = MessageBatch()
            let (messages, bytes) = subscription.lastSize
            batch.reserve(messages: messages, framesPerMessage: 3, bytes: bytes)
            let mayHaveMore = try subscription.socket.receive(
                into: &batch,
                frame: frame,
                messages: Self.batchMessages,
                bytes: Self.batchBytes
            )
            subscriptions[id]?.mayHaveMore = mayHaveMore
            subscriptions[id]?.lastSize = (batch.count, batch.byteCount)
            let events = deliver(batch, to: subscription)
            subscriptions[id]?.rest.moved(events, isDrained: !mayHaveMore, now: .now)
        }
    }

    /// Hands a delivery to its consumer, and tells how many events it had.
    private func deliver(_ batch: borrowing MessageBatch, to subscription: Subscription) -> Int {
        guard !batch.isEmpty else { return 0 }
        let sorting = batch.withContents { contents in
            var sorting = EventSorting(openingTopic: subscription.openingTopic)
            sorting.sort(contents)
            return sorting
        }
        for _ in 0..<sorting.openings { subscription.buffer.opened() }
        if sorting.malformed > 0 {
            metrics.malformed.increment(by: sorting.malformed)
            logger.warning("messages that are no events were dropped", metadata: ["count": "\(sorting.malformed)"])
        }
        guard !sorting.places.isEmpty else { return 0 }
        metrics.received.increment(by: sorting.places.count)
        let dropped = subscription.buffer.deliver(EventBlock(bytes: batch.bytes, places: sorting.places))
        if dropped > 0 { subscription.dropped.increment(by: dropped) }
        return sorting.places.count
    }
}
