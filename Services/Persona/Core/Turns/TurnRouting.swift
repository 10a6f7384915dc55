import BusContract
import DiscordModel
package import Logging
package import Routing
import ServiceKit
import Store

/// Which turns this instance may claim. The row of a turn decides who has it; this decides who tries.
package struct TurnRouting: Sendable {
    /// How long the gateway may take to name a channel, in each attempt and in all. After that the turn has no names, and
    /// goes where work goes that no route asks for.
    private static let patience: Duration = .seconds(2)
    /// How long a channel that has just been made may take to be known.
    private static let settling: Duration = .seconds(2)
    private static let wholePatience: Duration = .seconds(10)

    let directory: InstanceDirectory
    let names: ChannelNames
    let instance: String
    let profile: InstanceProfile
    let logger: Logger

    package init(
        directory: InstanceDirectory,
        names: ChannelNames,
        instance: String,
        profile: InstanceProfile,
        logger: Logger
    ) {
        self.directory = directory
        self.names = names
        self.instance = instance
        self.profile = profile
        self.logger = logger
    }

    /// Whether there may be turns that this instance has to leave to others.
    var selects: Bool { profile.isRestricted || directory.rules.plan?.concerns(.persona) == true }

    /// Those of the places whose turns this instance may claim now, with their routes.
    ///
    /// - Parameter load: how busy it is itself; 1 is full.
    func claimable(of places: [TurnPlace], load: Double) async -> [TurnPlace: String] {
        let own = own(load)
        let found = mine(of: places, load: load)
        guard found.keys.contains(where: { directory.rules.standsIn(own, for: Work($0)) }) else { return found }
        // In another's stead only if that one is away at this moment: it may have come a second ago.
        await directory.refresh()
        return mine(of: places, load: load)
    }

    /// What it knows of itself is newer than what the registry has.
    private func own(_ load: Double) -> LiveInstance {
        LiveInstance(service: .persona, id: instance, profile: profile, load: load)
    }

    /// The same as far as it is known, which is what was so a second ago.
    func mine(of places: [TurnPlace], load: Double) -> [TurnPlace: String] {
        let rules = directory.rules
        // Before anybody is known, a fallback would take itself for the only one.
        guard rules.plan == nil || directory.isKnown else { return [:] }
        let live = directory.live
        let own = own(load)
        var mine: [TurnPlace: String] = [:]
        for place in places {
            let work = Work(place)
            guard rules.mayTake(work, own, among: live) else { continue }
            let plan = rules.plan.flatMap { $0.concerns(.persona) ? $0 : nil }
            mine[place] = plan?.route(of: work).rawValue ?? ""
        }
        return mine
    }

    /// What the message's channel is called, if anything depends on it.
    func place(of message: MessageEvent) async throws -> ChannelNames.Place {
        let live = directory.live
        let needsNames = !profile.channels.isEmpty || directory.rules.dependOnNames(of: .persona, among: live)
        guard message.guildID != nil, needsNames else { return ChannelNames.Place() }
        let limit = ContinuousClock.now + Self.wholePatience
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(1))
        while true {
            do {
                return try await names.place(of: message.channelID, within: Self.patience, settling: Self.settling)
            } catch {
                try Task.checkCancellation()
                guard ContinuousClock.now < limit else {
                    logger.warning(
                        "A channel's name is not known: its message takes the route of those without a name",
                        metadata: [LogKey.channel: "\(message.channelID)", LogKey.error: "\(error)"]
                    )
                    return ChannelNames.Place()
                }
                try await Task.sleep(for: backoff.next())
            }
        }
    }
}

extension Work {
    /// What was asked at a place.
    fileprivate init(_ place: TurnPlace) {
        self.init(guild: place.guild, channel: place.channelName, category: place.categoryName)
    }
}
