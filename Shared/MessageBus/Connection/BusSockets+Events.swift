import BusContract
import Logging
import ServiceKit
import ZeroMQ

extension BusSockets {
    /// Messages that are moved for one socket before the others get their turn.
    private static let batchMessages = 2048
    private static let batchBytes = 512 << 10

    // MARK: Publishing

    /// Sends what waits, as far as the switchboard takes it.
    func publishWaiting() throws(ZeroMQError) {
        guard let publisher else { return }
        if publisherIsReadable { try readSubscriptions(of: publisher) }
        while publisherIsOpen, !publisherIsBlocked {
            if sendingStart >= sending.count {
                sending.removeAll(keepingCapacity: sending.byteCount < 4 << 20)
                sendingStart = 0
                outgoing.take(into: &sending)
                if sending.isEmpty { return }
            }
            sendingStart = try publisher.send(sending, from: sendingStart)
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
    }

    // MARK: Subscribing

    /// Opens a subscription, its filters in the order given and the request for a confirmation last.
    func subscribe(_ id: Int, filters: [TopicFilter], buffer: SubscriptionBuffer, name: String) throws(ZeroMQError) {
        guard let context else {
            buffer.finish()
            return
        }
        let socket = try Socket(.subscribe, options: configuration.sockets, context: context)
        for filter in filters { try socket.subscribe(to: filter.prefix.utf8) }
        let openingTopic = Array(SubscriptionOpening.topic(nonce: .random(in: 1 ... .max)).utf8)
        try socket.subscribe(to: openingTopic)
        try socket.connect(configuration.endpoints.eventsOut)
        subscriptions[id] = Subscription(
            socket: socket,
            buffer: buffer,
            dropped: metrics.dropped(by: name),
            openingTopic: openingTopic
        )
        pollSetIsStale = true
    }

    func receiveEvents() throws(ZeroMQError) {
        for id in subscriptions.keys {
            guard let subscription = subscriptions[id], subscription.mayHaveMore else { continue }
            var batch = MessageBatch()
            let mayHaveMore = try subscription.socket.receive(
                into: &batch,
                frame: frame,
                messages: Self.batchMessages,
                bytes: Self.batchBytes
            )
            subscriptions[id]?.mayHaveMore = mayHaveMore
            deliver(batch, to: subscription)
        }
    }

    private func deliver(_ batch: MessageBatch, to subscription: Subscription) {
        guard !batch.isEmpty else { return }
        var batch = batch
        if !isPlain(batch, for: subscription) {
            batch = separate(batch, for: subscription)
            guard !batch.isEmpty else { return }
        }
        metrics.received.increment(by: batch.count)
        let dropped = subscription.buffer.deliver(batch)
        if dropped > 0 { subscription.dropped.increment(by: dropped) }
    }

    /// Whether all messages are events of three frames, as nearly always.
    private func isPlain(_ batch: MessageBatch, for subscription: Subscription) -> Bool {
        for message in 0..<batch.count {
            let frames = batch.frames(of: message)
            guard frames.count == 3 else { return false }
            // Our own confirmation topics begin with "b"; no event's topic does but by chance.
            let topic = batch.range(ofFrame: frames.lowerBound)
            if !topic.isEmpty, batch.bytes[topic.lowerBound] == UInt8(ascii: "b") { return false }
        }
        return true
    }

    /// Takes confirmations and malformed messages out of a batch.
    private func separate(_ batch: MessageBatch, for subscription: Subscription) -> MessageBatch {
        var events = MessageBatch()
        for message in 0..<batch.count {
            let frames = batch.frames(of: message)
            guard frames.count == 3 else {
                metrics.malformed.increment()
                logger.warning(
                    "an event with a wrong number of frames was dropped",
                    metadata: ["count": "\(frames.count)"]
                )
                continue
            }
            let topic = batch.bytes[batch.range(ofFrame: frames.lowerBound)]
            if topic.elementsEqual(subscription.openingTopic) {
                subscription.buffer.opened()
            } else if topic.starts(with: SubscriptionOpening.prefix.utf8) {
                // Another subscription's confirmation, seen by a subscriber to everything.
                continue
            } else {
                for frame in frames { events.append(frame: batch.bytes[batch.range(ofFrame: frame)]) }
                events.endMessage()
            }
        }
        return events
    }
}
