import BusContract
import CommandKit
import DiscordModel
import Logging
import MessageBus
import Postgres
package import ServiceHost
package import ServiceKit
import ServiceLifecycle
import Store

/// Music: whose wish is played by which bot, and what comes next.
///
/// State owned here: `player_desired`, `queue_entries`, `music_commands`. What is wanted of the nodes stands in
/// `player_desired`, and lavalink-bridge makes it true; what it observes is read from `player_observed`. Nothing is kept
/// in memory, so any number of processes may run, and any of them may be killed.
///
/// What a command or a track's end does to a queue is in `Queue/Playback`, the choice of a bot in
/// `Workers/WorkerPool`: both pure. A new command is a file in `Commands/` and a line in `commands`.
package struct MusicService: HostedService {
    package static let name = ServiceName.music

    private let host: Host
    private let jukebox: Jukebox
    private let changed: AsyncStream<DesiredPlayer>
    private let commands: CommandService
    private let idle: Duration
    private let alone: Duration

    package init(host: Host) async throws {
        self.host = host
        idle = try host.settings.duration("MUSIC_IDLE_TIMEOUT", default: .seconds(300))
        alone = try host.settings.duration("MUSIC_ALONE_TIMEOUT", default: .seconds(120))
        let preferred = host.settings.list("MUSIC_WORKER_ORDER", default: ["rainbow", "iris", "aurora", "selene"])
        // What does not fit is not lost: the bridge finds it in the table.
        let (changed, output) = AsyncStream.makeStream(of: DesiredPlayer.self, bufferingPolicy: .bufferingNewest(1000))
        self.changed = changed
        let texts = try MusicTexts.catalogue()
        let jukebox = Jukebox(
            spine: host.spine,
            bus: host.bus,
            scout: WorkerScout(bus: host.bus, preferred: preferred.compactMap { BotID(rawValue: $0) }),
            texts: texts,
            logger: host.logger("queue"),
            changed: output
        )
        self.jukebox = jukebox
        commands = CommandService(
            router: CommandRouter(
                commands: [
                    PlayCommand(jukebox: jukebox), SkipCommand(jukebox: jukebox), StopCommand(jukebox: jukebox),
                    QueueCommand(jukebox: jukebox), NowPlayingCommand(jukebox: jukebox),
                ],
                components: [QueueButtons(jukebox: jukebox)],
                texts: texts,
                logger: host.logger("commands")
            ),
            role: .music,
            bus: host.bus,
            isRestricted: host.isRestricted,
            health: host.health,
            logger: host.logger("commands")
        )
    }

    package func run() async throws {
        let (host, jukebox, commands) = (host, jukebox, commands)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await commands.run() }
            group.addTask {
                try await host.bus.serve(ReportPlayer.self) { report, _ in
                    try await jukebox.take(report)
                    return Acknowledgement()
                }
            }
            group.addTask { await cancelWhenGracefulShutdown { await tellBridge() } }
            group.addTask { await cancelWhenGracefulShutdown { await settleAll() } }
            group.addTask { await cancelWhenGracefulShutdown { await tidy() } }
        }
    }

    /// Tells the bridge at once what it would find a second later.
    private func tellBridge() async {
        let bus = host.bus
        await withDiscardingTaskGroup { group in
            for await player in changed {
                group.addTask {
                    let sync = SyncPlayer(
                        bot: player.key.bot,
                        guild: player.key.guild,
                        generation: player.generation
                    )
                    _ = try? await bus.request(sync, timeout: .seconds(2))
                }
            }
        }
    }

    /// Reads again and again what the bridge has written: a report that was lost is only late.
    private func settleAll() async {
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            do {
                for key in try await DesiredPlayers(host.database).unsettled() { await settle(key) }
            } catch {
                host.logger.debug("players cannot be read", metadata: [LogKey.error: "\(error)"])
            }
        }
    }

    /// One player that cannot be settled must not keep the others waiting.
    private func settle(_ key: PlayerKey) async {
        do {
            try await jukebox.settle(key)
        } catch {
            host.logger.warning(
                "a player cannot be settled",
                metadata: [LogKey.bot: "\(key.bot)", LogKey.guild: "\(key.guild)", LogKey.error: "\(error)"]
            )
        }
    }

    /// Leaves empty channels, and forgets old rows.
    private func tidy() async {
        var rounds = 0
        while (try? await Task.sleep(for: .seconds(5))) != nil {
            do {
                try await jukebox.leaveAbandoned(idle: idle, alone: alone)
                if rounds % 720 == 0 {
                    try await QueueEntries(host.database).prune(olderThan: .seconds(30 * 86_400))
                    try await MusicCommands(host.database).prune(olderThan: .seconds(86_400))
                }
                rounds += 1
            } catch {
                host.logger.debug("players cannot be tidied", metadata: [LogKey.error: "\(error)"])
            }
        }
    }
}

extension Jukebox {
    /// The bridge's word about a player. The row that it wrote first is what counts.
    fileprivate func take(_ report: ReportPlayer) async throws {
        switch report.kind {
        case .trackEnd, .trackStuck, .disconnected, .moved:
            try await settle(PlayerKey(bot: report.bot, guild: report.guild))
        case .trackException:
            logger.warning(
                "a node could not play a track",
                metadata: [
                    LogKey.bot: "\(report.bot)", LogKey.guild: "\(report.guild)", "entry": "\(report.entry)",
                    "reason": "\(report.reason.prefix(300))",
                ]
            )
        default:
            break
        }
    }
}
