package import BusContract
package import DiscordModel
package import MessageBus
import ServiceKit
import Synchronization

/// What channels are called, asked of the gateway and remembered for a while: a flood of mentions asks once.
package final class ChannelNames: Sendable {
    /// By what routes find a channel.
    package struct Place: Hashable, Sendable {
        /// The channel's name, a thread's by its channel.
        package var channel: String
        package var category: String

        package init(channel: String = "", category: String = "") {
            self.channel = channel
            self.category = category
        }
    }

    private struct Entry {
        let facts: ChannelFacts
        let until: ContinuousClock.Instant
    }

    /// A new name counts after this time.
    private static let lifetime = Duration.seconds(30)
    /// How soon a channel that the gateway does not know is asked for again.
    private static let pause = Duration.milliseconds(100)
    /// Channels that are remembered; beyond it everything is asked anew.
    private static let bound = 10_000

    private let ask: @Sendable (ChannelID, Duration) async throws -> ChannelFacts
    private let entries = Mutex<[ChannelID: Entry]>([:])

    package convenience init(bus: BusConnection) {
        self.init { channel, timeout in try await bus.request(QueryChannel(channel: channel), timeout: timeout) }
    }

    /// - Parameter ask: asks the gateway, for so long at most.
    package init(ask: @escaping @Sendable (ChannelID, Duration) async throws -> ChannelFacts) {
        self.ask = ask
    }

    /// Names of the channel and its category; empty for one that the gateway does not know.
    ///
    /// - Parameters:
    ///   - timeout: how long the gateway may take for each of at most three questions.
    ///   - settling: how long to ask for a channel that the gateway does not know: one that has just been made may reach
    ///     its cache later than the first message there reaches us.
    /// - Throws: what kept the gateway from answering.
    package func place(
        of channel: ChannelID,
        within timeout: Duration,
        settling: Duration = .zero
    ) async throws -> Place {
        let limit = ContinuousClock.now + settling
        var facts = try await self.facts(channel, timeout)
        while !facts.known, !isGivenUp(channel), ContinuousClock.now < limit {
            try await Task.sleep(for: Self.pause)
            facts = try await self.facts(channel, timeout)
        }
        if !facts.known, settling > .zero { remember(facts) }
        if ChannelType(rawValue: facts.type).isThread, let parent = facts.parent {
            facts = try await self.facts(parent, timeout)
        }
        guard facts.known else { return Place() }
        guard let parent = facts.parent else { return Place(channel: facts.name) }
        let category = try await self.facts(parent, timeout)
        return Place(channel: facts.name, category: category.name)
    }

    private func facts(_ channel: ChannelID, _ timeout: Duration) async throws -> ChannelFacts {
        if let entry = entries.withLock({ $0[channel] }), entry.until > .now { return entry.facts }
        let facts = try await ask(channel, timeout)
        if facts.known { remember(facts) }
        return facts
    }

    /// Whether it was asked for long enough before.
    private func isGivenUp(_ channel: ChannelID) -> Bool {
        entries.withLock { $0[channel] }.map { $0.until > .now } ?? false
    }

    private func remember(_ facts: ChannelFacts) {
        let until = ContinuousClock.now + Self.lifetime
        entries.withLock { entries in
            if entries.count >= Self.bound { entries.removeAll() }
            // What is not known stays given up for its time, however often it is asked for.
            if let known = entries[facts.id], known.until > .now, !facts.known { return }
            entries[facts.id] = Entry(facts: facts, until: until)
        }
    }
}
