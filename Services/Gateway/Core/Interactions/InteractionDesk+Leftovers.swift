import BusContract
import DiscordModel
import DiscordREST
import DurableEvents
import FoundationEssentials
import Logging
import ServiceKit
import Store
import Synchronization

/// Interactions that a process left open when it ended: an earlier one of this instance, or another instance.
extension InteractionDesk {
    /// How often the table is looked at for what other processes have left.
    private static let interval: Duration = .seconds(10)

    /// Shows other processes that this one cares for its interactions.
    func keepLease() async throws {
        var backoff = Backoff(base: .milliseconds(500), cap: .seconds(10))
        while true {
            do {
                try await leases.withLease(Interactions.lease(of: holder), whileAway: .holds) { _ in
                    while true { try await Task.sleep(for: .seconds(3_600)) }
                }
            } catch let error as LeaseLost {
                logger.error(
                    "another gateway has this one's INSTANCE_ID: give each its own",
                    metadata: ["error": "\(error)"]
                )
            } catch {
                try Task.checkCancellation()
                logger.warning("the interactions' lease is not held", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: backoff.next())
        }
    }

    /// Tells the members whose interactions a process left open that it was interrupted: for each bot as soon as it is
    /// online, and again and again, for other processes may end at any time.
    func finishLeftovers() async throws {
        let start = try await begin()
        var looked: Set<BotID> = []
        var due = ContinuousClock.now
        try await withThrowingDiscardingTaskGroup { group in
            while true {
                let bots = Set(fleet.allBots.filter(fleet.isOnline))
                if !bots.isSubset(of: looked) || ContinuousClock.now >= due {
                    do {
                        for row in try await Interactions(database).leftovers(of: holder, before: start)
                        where bots.contains(row.bot) && finishing.withLock({ $0.insert(row.interaction).inserted }) {
                            group.addTask {
                                defer { _ = self.finishing.withLock { $0.remove(row.interaction) } }
                                try await self.finish(row)
                            }
                        }
                        looked = bots
                        due = .now + Self.interval
                    } catch is CancellationError {
                        throw CancellationError()
                    } catch {
                        logger.debug("open interactions not read yet", metadata: ["error": "\(error)"])
                        try await Task.sleep(for: .seconds(1))
                    }
                }
                // Soon for a bot that comes online; a whole troupe that is there asks for nothing.
                try await Task.sleep(for: Set(fleet.allBots).isSubset(of: looked) ? .seconds(1) : .milliseconds(100))
            }
        }
    }

    /// When this process begins to care for interactions, by the clock of their rows.
    private func begin() async throws -> Date {
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2))
        while true {
            do {
                return try await Interactions(database).clock()
            } catch {
                try Task.checkCancellation()
                try await Task.sleep(for: backoff.next())
            }
        }
    }

    private func finish(_ row: StoredInteraction) async throws {
        // Until its time for a first response is over, Discord may send it again, and it may still be answered as usual.
        if let now = try? await Interactions(database).clock() {
            let left = row.receivedAt.addingTimeInterval(4).timeIntervalSince(now)
            if left > 0 { try await Task.sleep(for: .seconds(min(left, 4))) }
        }
        guard open.withLock({ $0[row.interaction] == nil }) else { return }
        let claimed: StoredInteraction?
        do {
            claimed = try await Interactions(database).claim(row.interaction, from: row.holder, by: holder)
        } catch {
            try Task.checkCancellation()
            // The next look finds it again.
            logger.debug("an open interaction was not claimed yet", metadata: ["error": "\(error)"])
            return
        }
        guard let claimed else { return }
        await conclude(claimed.interaction, claimed.bot, InteractionOrigin(claimed), unseal(claimed))
    }
}
