/// Lets a flood of messages gather for a moment, so that hundreds are moved for each time a thread wakes.
///
/// Threads that hand single messages to each other spend more on waking than on the messages. After a turn that moved
/// many, the next one waits until `end`; after a turn that moved few, as nearly always, it does not wait at all, so that
/// only floods pay with latency.
package struct Rest: Sendable {
    /// A turn of so many messages is one of a flood: some hundred thousand a second.
    package static let flood = 64

    /// How long a flood gathers.
    package static let length: Duration = .microseconds(500)

    /// Until when nothing is moved; nil = at work.
    package private(set) var end: ContinuousClock.Instant?

    private var movedSinceDrained = 0

    package init() {}

    /// A turn has moved messages; when nothing is left, a rest begins if they were many.
    package mutating func moved(
        _ messages: Int,
        isDrained: Bool,
        now: @autoclosure () -> ContinuousClock.Instant
    ) {
        movedSinceDrained += messages
        guard isDrained else { return }
        if movedSinceDrained >= Self.flood { end = now() + Self.length }
        movedSinceDrained = 0
    }

    /// True when a rest is over: there is probably something to move.
    package mutating func finish(_ now: @autoclosure () -> ContinuousClock.Instant) -> Bool {
        guard let end, end <= now() else { return false }
        self.end = nil
        return true
    }
}
