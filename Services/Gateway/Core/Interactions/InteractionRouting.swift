import BusContract
import DiscordModel
import Logging
import Routing
import ServiceKit

/// Which instances of a service may be handed an interaction.
struct InteractionRouting: Sendable {
    /// How long the registry and the cache may take: the member's three seconds must not pass in waiting for them.
    private static let patience: Duration = .milliseconds(500)

    let directory: InstanceDirectory
    let names: ChannelNames
    let logger: Logger

    /// Whether it makes a difference which instance is asked.
    func matters(to service: ServiceRole) async -> Bool {
        // Of a service that has just started nothing may be known yet, not even that it does not take everything.
        if !directory.live.contains(where: { $0.service == service }) {
            let directory = directory
            try? await withDeadline(Self.patience) { await directory.refresh() }
        }
        return directory.rules.matter(to: service, among: directory.live)
    }

    /// The instances that may answer now, the better ones first.
    ///
    /// - Parameter command: the slash command that it is about; nil when it is about none.
    func candidates(for request: HandleInteraction, command: String?, of service: ServiceRole) async -> [String] {
        var work = Work(guild: request.guild, command: command)
        let needsNames = directory.rules.dependOnNames(of: service, among: directory.live)
        if needsNames, request.guild != nil, let channel = request.channel {
            do {
                let place = try await names.place(of: channel, within: Self.patience)
                work.channel = place.channel
                work.category = place.category
            } catch {
                logger.debug(
                    "a channel's name is not known",
                    metadata: [LogKey.channel: "\(channel)", LogKey.error: "\(error)"]
                )
            }
        }
        let lot = request.interaction.rawValue
        return directory.rules.candidates(for: work, of: service, among: directory.live, lot: lot).joined().map(\.id)
    }
}
