import DequeModule
package import DiscordModel

/// A channel's messages, oldest first, bounded.
package struct ChannelHistory: Sendable {
    private var messages: [MessageID: Message] = [:]
    /// Ascending; ids of deleted messages stay until half of them are dead.
    private var order: Deque<MessageID> = []
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    package var count: Int { messages.count }

    package subscript(id: MessageID) -> Message? { messages[id] }

    /// Appends, and forgets the oldest beyond the limit.
    mutating func append(_ message: Message) {
        messages[message.id] = message
        order.append(message.id)
        while messages.count > limit, let oldest = order.popFirst() { messages[oldest] = nil }
    }

    mutating func update(_ message: Message) {
        guard messages[message.id] != nil else { return }
        messages[message.id] = message
    }

    @discardableResult
    mutating func remove(_ id: MessageID) -> Message? {
        let removed = messages.removeValue(forKey: id)
        if removed != nil, order.count > 64, order.count > 2 * messages.count {
            order = Deque(order.filter { messages[$0] != nil })
        }
        return removed
    }

    /// Oldest first.
    package var all: [Message] { order.compactMap { messages[$0] } }

    /// The newest messages below an id (or of all), newest first.
    package func newest(
        _ count: Int,
        before: MessageID? = nil,
        where wanted: (Message) -> Bool = { _ in true }
    ) -> [Message] {
        let end = before.map(lowerBound) ?? order.endIndex
        var result: [Message] = []
        var index = end
        while index > order.startIndex, result.count < count {
            index -= 1
            if let message = messages[order[index]], wanted(message) { result.append(message) }
        }
        return result
    }

    /// The first messages above an id, newest first as Discord answers.
    package func following(_ count: Int, after: MessageID, where wanted: (Message) -> Bool = { _ in true }) -> [Message]
    {
        var index = lowerBound(MessageID(after.rawValue &+ 1))
        var result: [Message] = []
        while index < order.endIndex, result.count < count {
            if let message = messages[order[index]], wanted(message) { result.append(message) }
            index += 1
        }
        return result.reversed()
    }

    private func lowerBound(_ id: MessageID) -> Int {
        var low = order.startIndex
        var high = order.endIndex
        while low < high {
            let middle = (low + high) / 2
            if order[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
