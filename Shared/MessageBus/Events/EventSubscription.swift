/// The events of a subscription, in batches: everything that came since the last, in the order it came.
///
/// It has one consumer. It ends when the connection leaves the bus, and when the consuming task is cancelled. Events
/// that found the buffer full were dropped and counted (`bus_events_dropped_total`); a consumer of durable events
/// notices by the header's `prev` and reads the journal.
package struct EventSubscription: AsyncSequence, Sendable {
    private let buffer: SubscriptionBuffer

    init(buffer: SubscriptionBuffer) {
        self.buffer = buffer
    }

    /// How often the switchboard has confirmed the subscription: more than once after it restarted.
    ///
    /// Whatever was published between two confirmations may have been missed.
    package var openings: Int { buffer.openings }

    /// Waits until the switchboard has confirmed the subscription, so that what is published from now on will come.
    ///
    /// - Parameter seen: confirmations already known; gives `openings` to wait for the next one.
    /// - Returns: false when the time ran out or the subscription ended first.
    @discardableResult
    package func waitUntilOpen(after seen: Int = 0, timeout: Duration = .seconds(5)) async -> Bool {
        await withTaskGroup { group in
            group.addTask { await buffer.waitForOpening(after: seen) }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return false
            }
            let isOpen = await group.next() ?? false
            group.cancelAll()
            return isOpen
        }
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(buffer: buffer)
    }

    package struct Iterator: AsyncIteratorProtocol {
        private let buffer: SubscriptionBuffer

        init(buffer: SubscriptionBuffer) {
            self.buffer = buffer
        }

        package mutating func next() async -> [IncomingEvent]? {
            await next(isolation: #isolation)
        }

        /// The same without leaving the consumer's actor: the default would go by another thread for each batch.
        package mutating func next(isolation actor: isolated (any Actor)?) async -> [IncomingEvent]? {
            guard let blocks = await buffer.next(isolation: actor) else { return nil }
            var events: [IncomingEvent] = []
            events.reserveCapacity(blocks.reduce(0) { $0 + $1.count })
            for block in blocks { block.append(to: &events) }
            return events
        }
    }
}
