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
            subscriptions[id]?.rest.moved(batch.count, isDrained: !mayHaveMore, now: .now)
            deliver(batch, to: subscription)
        }
    }

    private func deliver(_ batch: consuming MessageBatch, to subscription: Subscription) {
        guard !batch.isEmpty else { return }
        let block: EventBlock
        if isPlain(batch) {
            block = EventBlock(batch)
        } else {
            block = EventBlock(separate(batch, for: subscription))
            guard block.count > 0 else { return }
        }
        metrics.received.increment(by: block.count)
        let dropped = subscription.buffer.deliver(block)
        if dropped > 0 { subscription.dropped.increment(by: dropped) }
    }

    /// Whether all messages are events of three frames, as nearly always.
    private func isPlain(_ batch: borrowing MessageBatch) -> Bool {
        guard batch.allHaveFrames(3) else { return false }
        // Our own confirmation topics begin with "b"; no event's topic does but by chance.
        var isPlain = true
        batch.bytes.withUnsafeBufferPointer { bytes in
            batch.withFrameEnds { ends in
                var start = 0
                for frame in stride(from: 0, to: ends.count - 2, by: 3) {
                    if Int(ends[frame]) > start, bytes[start] == UInt8(ascii: "b") { isPlain = false }
                    start = Int(ends[frame + 2])
                }
            }
        }
        return isPlain
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
