import BusContract
import DiscordModel
import FoundationEssentials
import Logging
import MessageBus
import ServiceKit
import Store

/// Hears one bot's own voice on the bus, live and never from the journal: an old handshake would be wrong.
struct VoiceListener: Sendable {
    let bot: BotID
    let user: UserID
    /// Those that this one listens to: others may do so already.
    let shards: Range<Int>
    let bus: BusConnection
    let supervisor: PlayerSupervisor
    let logger: Logger

    func run() async throws {
        let events = ["VOICE_STATE_UPDATE", "VOICE_SERVER_UPDATE"]
        let topics = shards.flatMap { shard in
            events.map { TopicFilter(.discord(Partition(bot: bot, shard: shard), $0)) }
        }
        let states = TopicFilter(BotStateChanged.topic)
        try await bus.withSubscription(topics + [states], capacity: 2_000, name: "voice of \(bot)") { subscription in
            // Also when the switchboard is slow to say so: a join that is not answered is tried again.
            await subscription.waitUntilOpen(timeout: .seconds(5))
            await supervisor.hears(bot)
            var before: BotState?
            for await batch in subscription {
                for event in batch {
                    if event.isUnder(BotStateChanged.topic) {
                        await follow(event, &before)
                    } else {
                        await receive(event)
                    }
                }
            }
        }
    }

    private func receive(_ event: IncomingEvent) async {
        let payload = Data(event.payload)
        guard let header = try? event.header else { return unreadable(event) }
        switch event.discordName {
        case "VOICE_STATE_UPDATE":
            // An observer hears everybody's; the header saves reading theirs.
            if let named = header.user, named != user { return }
            guard let state = try? JSONDecoder().decode(VoiceState.self, from: payload) else {
                return unreadable(event)
            }
            guard state.userID == user, let guild = state.guildID ?? header.guild else { return }
            await supervisor.voiceState(
                PlayerKey(bot: bot, guild: guild),
                sessionID: state.sessionID,
                channel: state.channelID
            )
        case "VOICE_SERVER_UPDATE":
            guard let update = try? JSONDecoder().decode(VoiceServerUpdate.self, from: payload) else {
                return unreadable(event)
            }
            await supervisor.voiceServer(
                PlayerKey(bot: bot, guild: update.guildID),
                token: update.token,
                endpoint: update.endpoint
            )
        default:
            break
        }
    }

    /// The bot's gateway session: one that was made anew has no voice, one that was resumed may have lost it.
    private func follow(_ event: IncomingEvent, _ before: inout BotState?) async {
        guard let status = try? event.decode(BotStateChanged.self).status, status.bot == bot else { return }
        if status.state == .online, before != .online {
            if before == .connecting {
                await supervisor.gatewayIdentified(bot)
            } else {
                await supervisor.gatewayResumed(bot)
            }
        }
        before = status.state
    }

    private func unreadable(_ event: IncomingEvent) {
        logger.warning(
            "a voice event cannot be read and is ignored",
            metadata: [LogKey.bot: "\(bot)", "event": "\(event.discordName)"]
        )
    }
}
