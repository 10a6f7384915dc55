import BusContract
import DiscordModel
import LavalinkModel
import Logging
import MessageBus
import Postgres
import ServiceKit
import Store

/// Does what the supervisor asks for: REST calls, opcode 4, rows, reports. Every outcome goes back to the supervisor.
struct PlayerPerformer: Sendable {
    let supervisor: PlayerSupervisor
    let nodes: [NodeName: NodeClient]
    let bus: BusConnection
    let observed: ObservedPlayers
    let logger: Logger
    let calls: Counter
    let failures: Counter

    /// Reads effects until it is cancelled; each is performed by itself, but writes wait for each other.
    func run() async {
        let (writes, due) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in writes { await write() }
            }
            for await effect in supervisor.effects {
                if case .write = effect {
                    due.yield()
                } else {
                    group.addTask { await perform(effect) }
                }
            }
            due.finish()
        }
    }

    private func perform(_ effect: PlayerSupervisor.Effect) async {
        switch effect {
        case .update(let key, let node, let session, let update, let ticket):
            await call(key, node, ticket: ticket) { client throws(NodeError) in
                let player = try await client.update(key.guild, of: session, update)
                await supervisor.updated(player, key, ticket: ticket)
            }
        case .inspect(let key, let node, let session, let ticket):
            await call(key, node, ticket: ticket) { client throws(NodeError) in
                let player = try await client.player(key.guild, of: session)
                await supervisor.inspected(player, key, ticket: ticket)
            }
        case .destroy(let key, let node, let session):
            // Whatever comes of it: a dead node has forgotten the player anyhow.
            try? await nodes[node]?.destroy(key.guild, of: session)
        case .voice(let key):
            await requestVoice(key)
        case .sweep(let bot, let node, let session):
            await removeStrangers(of: bot, at: node, session)
        case .write:
            break
        }
    }

    private func call(
        _ key: PlayerKey,
        _ node: NodeName,
        ticket: Int,
        _ body: (NodeClient) async throws(NodeError) -> Void
    ) async {
        guard let client = nodes[node] else {
            return await supervisor.failed(.unreachable("no such node"), key, ticket: ticket)
        }
        calls.increment()
        do {
            try await body(client)
        } catch {
            failures.increment()
            logger.warning(
                "a node did not do what a player needs",
                metadata: [
                    LogKey.bot: "\(key.bot)", LogKey.guild: "\(key.guild)", "node": "\(node)", LogKey.error: "\(error)",
                ]
            )
            await supervisor.failed(PlayerMachine.Failure(error), key, ticket: ticket)
        }
    }

    /// Sends a player's opcode 4 requests in their order.
    private func requestVoice(_ key: PlayerKey) async {
        while let channel = await supervisor.nextVoiceRequest(key) {
            do {
                _ = try await bus.request(
                    UpdateVoiceState(bot: key.bot, guild: key.guild, channel: channel),
                    timeout: .seconds(3)
                )
            } catch {
                logger.warning(
                    "the gateway did not take a voice request",
                    metadata: [LogKey.bot: "\(key.bot)", LogKey.guild: "\(key.guild)", LogKey.error: "\(error)"]
                )
                await supervisor.voiceRequestFailed(key)
            }
        }
    }

    /// A node that comes back may still play what has been moved elsewhere meanwhile.
    private func removeStrangers(of bot: BotID, at node: NodeName, _ session: LavalinkSessionID) async {
        guard let client = nodes[node], let players = try? await client.players(session) else { return }
        for guild in await supervisor.strangers(among: players.map(\.guildId), of: bot, at: node) {
            logger.info(
                "a player that nobody wants is removed from a node",
                metadata: [LogKey.bot: "\(bot)", LogKey.guild: "\(guild)", "node": "\(node)"]
            )
            try? await client.destroy(guild, of: session)
        }
    }

    private func write() async {
        var delay = Duration.milliseconds(200)
        while !Task.isCancelled {
            let writes = await supervisor.takeWrites(epochMilliseconds: .nowSinceEpoch)
            if writes.isEmpty { return }
            do {
                for row in writes.saves { try await observed.save(row) }
                for key in writes.removals { try await observed.delete(key) }
            } catch {
                await supervisor.giveBack(writes)
                logger.warning("players' state cannot be written yet", metadata: [LogKey.error: "\(error)"])
                try? await Task.sleep(for: delay)
                delay = min(delay * 2, .seconds(5))
                continue
            }
            await withDiscardingTaskGroup { group in
                for report in writes.reports {
                    group.addTask { await send(report) }
                }
            }
        }
    }

    /// Tells music. What music must not miss stands in the rows, which it also reads by itself.
    private func send(_ report: ReportPlayer) async {
        do {
            _ = try await bus.request(report, timeout: .seconds(2))
        } catch {
            logger.debug("music was not told", metadata: ["kind": "\(report.kind.rawValue)", LogKey.error: "\(error)"])
        }
    }
}

extension PlayerMachine.Failure {
    init(_ error: NodeError) {
        switch error.code {
        case .sessionGone: self = .sessionGone
        case .voiceRefused: self = .voiceRefused
        case .invalid: self = .invalid(error.message)
        case .playerGone, .refused, .nodeFailed, .unreachable: self = .unreachable(error.message)
        }
    }
}
