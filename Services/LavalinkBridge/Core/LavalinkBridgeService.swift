import BusContract
import DiscordModel
import DurableEvents
import LavalinkModel
import Logging
import MessageBus
import Postgres
package import ServiceHost
package import ServiceKit
import ServiceLifecycle
import Store

/// Stands between our bots and the Lavalink nodes.
///
/// It makes `player_desired` (what music wants) true and writes `player_observed` (what is), brings bots into voice
/// through the gateway, keeps one session for each bot and node, and answers searches. State that must outlive the
/// process is in PostgreSQL and at the nodes; everything else is rebuilt from both.
///
/// What a player does is decided in `Players/PlayerMachine`, how a bot gets its voice in `Voice/VoiceHandshake`, which
/// node is best in `Nodes/NodePool`: all pure. A new node setting belongs to `Nodes/NodeConfiguration`.
package struct LavalinkBridgeService: HostedService {
    package static let name = ServiceName.lavalinkBridge

    private let host: Host
    private let nodes: [NodeConfiguration]
    private let supervisor: PlayerSupervisor
    private let loader: TrackLoader
    private let resumeSeconds: Int

    package init(host: Host) async throws {
        self.host = host
        nodes = try NodeConfiguration.load(host.settings)
        let supervisor = PlayerSupervisor(pool: NodePool(nodes.map { ($0.name, $0.role) }))
        self.supervisor = supervisor
        resumeSeconds = try host.settings.int("LAVALINK_RESUME_SECONDS", default: 120, in: 10...3600)
        let searchers = nodes.filter { $0.role.contains(.search) }
        loader = TrackLoader(
            clients: Dictionary(searchers.map { ($0.name, NodeClient($0)) }, uniquingKeysWith: { first, _ in first }),
            order: { await supervisor.currentPool.searchers },
            prefix: host.settings.string("LAVALINK_SEARCH_PREFIX", default: "ytsearch:"),
            hosts: Set(
                host.settings.list("MUSIC_LINK_HOSTS", default: SearchIdentifier.defaultHosts.sorted())
                    .map { $0.lowercased() }
            ),
            metrics: host.metrics,
            logger: host.logger("search")
        )
    }

    package func run() async throws {
        host.health.component("players").notReady("waiting for the database")
        try await cancelWhenGracefulShutdown {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { try await serveSearches() }
                group.addTask { await watchNodes() }
                group.addTask { try await holdPlayers() }
            }
        }
    }

    /// Looks after players while this process holds their lease: two sessions of one name would end each other. A lease
    /// that is lost ends the process, and the nodes play on until the next one takes over.
    private func holdPlayers() async throws {
        let bridge = self
        do {
            try await host.spine.leaseKeeper.withLease("lavalink-bridge") { _ in
                try await withThrowingDiscardingTaskGroup { group in
                    group.addTask { await bridge.performer.run() }
                    group.addTask { await bridge.tick() }
                    guard let sessions = await bridge.restore() else { return }
                    group.addTask { try await bridge.serveSyncs() }
                    group.addTask { await bridge.sweep() }
                    try await bridge.followFleet(sessions, &group)
                }
            }
        } catch is CancellationError {
            return
        }
    }

    private var performer: PlayerPerformer {
        PlayerPerformer(
            supervisor: supervisor,
            nodes: Dictionary(nodes.map { ($0.name, NodeClient($0)) }, uniquingKeysWith: { first, _ in first }),
            bus: host.bus,
            observed: ObservedPlayers(host.database),
            logger: host.logger("players"),
            calls: host.metrics.counter("lavalink_calls_total", help: "REST calls for players."),
            failures: host.metrics.counter("lavalink_call_failures_total", help: "REST calls for players that failed.")
        )
    }

    // MARK: - Requests

    private func serveSearches() async throws {
        let loader = self.loader
        try await host.bus.serve(LoadTracks.self) { request, _ in await loader.load(request) }
    }

    private func serveSyncs() async throws {
        let desired = DesiredPlayers(host.database)
        let supervisor = self.supervisor
        try await host.bus.serve(SyncPlayer.self) { request, _ in
            let key = PlayerKey(bot: request.bot, guild: request.guild)
            let read = await supervisor.beginRead()
            await supervisor.apply(try await desired.one(key), for: key, read: read)
            return Acknowledgement()
        }
    }

    // MARK: - Rows

    /// Reads what an earlier process left behind, as soon as the database is there; nil = stopped before.
    private func restore() async -> [LavalinkSessions.Stored]? {
        let health = host.health.component("players")
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2))
        while !Task.isCancelled {
            do {
                let sessions = try await LavalinkSessions(host.database).all()
                await supervisor.restore(try await ObservedPlayers(host.database).all())
                let read = await supervisor.beginRead()
                await supervisor.apply(try await DesiredPlayers(host.database).all(), read: read)
                health.ready()
                return sessions
            } catch {
                host.logger.warning("players cannot be read yet", metadata: [LogKey.error: "\(error)"])
                try? await Task.sleep(for: backoff.next())
            }
        }
        return nil
    }

    /// Reads the wanted state again and again: a word of music's that was lost is only late.
    private func sweep() async {
        let desired = DesiredPlayers(host.database)
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            let read = await supervisor.beginRead()
            guard let rows = try? await desired.all() else { continue }
            await supervisor.apply(rows, read: read)
        }
    }

    private func tick() async {
        let players = host.metrics.gauge("lavalink_players", help: "Players that the bridge looks after.")
        let playing = host.metrics.gauge("lavalink_players_playing", help: "Players whose track is running.")
        while true {
            let count = await supervisor.count
            players.set(count)
            playing.set(await supervisor.playing)
            guard (try? await Task.sleep(for: .milliseconds(count == 0 ? 500 : 50))) != nil else { return }
            await supervisor.tick()
        }
    }

    // MARK: - Nodes and bots

    /// Asks each node what it is, now and then: a node may have been replaced by a newer one.
    private func watchNodes() async {
        while true {
            for node in nodes {
                guard let info = try? await NodeClient(node, timeout: .seconds(3)).info() else { continue }
                await supervisor.info(info, of: node.name)
                if !info.version.hasVoiceEncryption {
                    host.logger.warning(
                        "a node is older than 4.2: Discord requires end-to-end encryption that it lacks",
                        metadata: ["node": "\(node.name)", "version": "\(info.version.semver)"]
                    )
                }
            }
            guard (try? await Task.sleep(for: .seconds(60))) != nil else { return }
        }
    }

    /// Opens sessions and listens for every bot as soon as its Discord user is known.
    ///
    /// What the table of sessions remembers is enough to find playing players again while the gateway is away.
    private func followFleet(
        _ sessions: [LavalinkSessions.Stored],
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        var users: [BotID: UserID] = [:]
        var listening: [BotID: Int] = [:]
        for stored in sessions where users[stored.bot] == nil {
            users[stored.bot] = stored.user
            open(stored.bot, stored.user, sessions, &group)
        }
        while !Task.isCancelled {
            let fleet = try? await host.bus.request(FleetStatus(), timeout: .seconds(2))
            for status in fleet?.bots ?? [] {
                guard let user = status.user else { continue }
                if users[status.bot] == nil {
                    users[status.bot] = user
                    open(status.bot, user, sessions, &group)
                }
                let heard = listening[status.bot] ?? 0
                if heard < status.shards {
                    listening[status.bot] = status.shards
                    listen(status.bot, user, shards: heard..<status.shards, &group)
                }
            }
            let isComplete = fleet.map { $0.bots.allSatisfy { users[$0.bot] != nil } } ?? false
            try? await Task.sleep(for: isComplete ? .seconds(5) : .milliseconds(300))
        }
    }

    private func open(
        _ bot: BotID,
        _ user: UserID,
        _ sessions: [LavalinkSessions.Stored],
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) {
        for node in nodes where node.role.contains(.worker) {
            let stored = sessions.first { $0.bot == bot && $0.node == node.name.rawValue && $0.user == user }
            let session = NodeSession(
                bot: bot,
                user: user,
                node: node,
                stored: stored.map { LavalinkSessionID($0.session) },
                supervisor: supervisor,
                sessions: LavalinkSessions(host.database),
                resumeSeconds: resumeSeconds,
                logger: host.logger("nodes"),
                received: host.metrics.counter("lavalink_messages_total", help: "Messages that nodes sent."),
                malformed: host.metrics.counter("lavalink_malformed_total", help: "Messages that could not be read.")
            )
            group.addTask { await session.run() }
        }
    }

    private func listen(
        _ bot: BotID,
        _ user: UserID,
        shards: Range<Int>,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) {
        let listener = VoiceListener(
            bot: bot,
            user: user,
            shards: shards,
            bus: host.bus,
            supervisor: supervisor,
            logger: host.logger("voice")
        )
        group.addTask { try await listener.run() }
    }
}
