import BusContract
import Logging
import MessageBus
import ServiceKit
import ZeroMQ

extension SwitchboardSockets {
    /// Events that are passed on before requests get their turn.
    private static let share = 512

    /// Passes on what publishers have sent: messages of three frames, on topics that they may publish.
    ///
    /// Frames move from socket to socket without being copied.
    /// - Returns: whether there may be more.
    func forwardEvents(_ now: ContinuousClock.Instant) throws(ZeroMQError) -> Bool {
        guard let eventsIn, let eventsOut else { return false }
        var events = 0
        var bytes = 0
        defer {
            metrics.events.increment(by: events)
            metrics.eventBytes.increment(by: bytes)
        }
        for _ in 0..<Self.share {
            guard try eventsIn.receive(into: topicFrame) else {
                eventsRest.moved(events, isDrained: true, now: .now)
                return false
            }
            guard topicFrame.hasMore, try eventsIn.receive(into: headerFrame), headerFrame.hasMore,
                try eventsIn.receive(into: payloadFrame), !payloadFrame.hasMore
            else {
                try dropMalformed(eventsIn, now)
                continue
            }
            guard mayPublish() else {
                refuse(now)
                continue
            }
            bytes += topicFrame.count + headerFrame.count + payloadFrame.count
            let isBatch = EventBatch.isAnnounced(by: headerFrame.unsafeBytes)
            events += isBatch ? EventBatch.count(of: payloadFrame.unsafeBytes) : 1
            _ = try eventsOut.send(topicFrame, more: true)
            _ = try eventsOut.send(headerFrame, more: true)
            _ = try eventsOut.send(payloadFrame, more: false)
        }
        eventsRest.moved(events, isDrained: false, now: .now)
        return true
    }

    private func mayPublish() -> Bool {
        policy.mayPublish(topicFrame.unsafeBytes, user: topicFrame.unsafeUserID)
    }

    private func dropMalformed(_ socket: Socket, _ now: ContinuousClock.Instant) throws(ZeroMQError) {
        // Whichever frame came last knows whether the message goes on.
        for frame in [payloadFrame, headerFrame, topicFrame] where frame.hasMore {
            try socket.discardRest(of: frame)
            break
        }
        metrics.malformed.increment()
        if let held = malformedLog.admit(now) {
            logger.warning(
                "an event that is not three frames was dropped",
                metadata: ["user": "\(topicFrame.userID ?? "")", "more": "\(held)"]
            )
        }
    }

    private func refuse(_ now: ContinuousClock.Instant) {
        metrics.eventsRefused.increment()
        if let held = refusedEventsLog.admit(now) {
            logger.warning(
                "an event was refused: its sender may not publish on this topic",
                metadata: [
                    "user": "\(topicFrame.userID ?? "")",
                    "topic": "\(String(decoding: topicFrame.bytes.prefix(100), as: UTF8.self))",
                    "more": "\(held)",
                ]
            )
        }
    }

    /// Hears what subscribers ask for, and confirms where they ask for that.
    func readSubscriptions() throws(ZeroMQError) {
        guard let eventsOut else { return }
        while try eventsOut.receive(into: topicFrame) {
            let bytes = topicFrame.bytes
            try eventsOut.discardRest(of: topicFrame)
            guard bytes.first == 1 else { continue }
            metrics.subscriptions.increment()
            let topic = Array(bytes.dropFirst())
            guard topic.starts(with: SubscriptionOpening.prefix.utf8), topic.count < 64 else { continue }
            _ = try eventsOut.send(topic, more: true)
            _ = try eventsOut.send([], more: true)
            _ = try eventsOut.send([], more: false)
        }
    }
}
