import AdminAPICore
import BusContract
import DiscordModel
import Foundation
import MessageBus
import Postgres
import Routing
import ServiceKit
import Synchronization

@testable import Store

/// A platform of two bots, one guild and five cases, which remembers what was asked of it.
final class FakeBackend: AdminBackend {
    let controlled = Mutex<[String]>([])
    let rules = RoutingRules(plan: RoutingPlan(.load(balanced: ["1"], standby: "2"), services: [.music, .persona]))
    let isGatewayDown = Mutex(false)
    let isDatabaseDown = Mutex(false)
    let events = [
        LiveEvent(name: "case-opened", data: "{\"number\":1}"), LiveEvent(name: "player-changed", data: "{}"),
    ]

    private static let rainbow = BotStatus(
        bot: BotID(rawValue: "rainbow")!,
        state: .online,
        username: "Rainbow",
        user: UserID(11),
        primary: true,
        guilds: 1,
        latencyMilliseconds: 12,
        since: 1_763_700_000_000
    )
    private static let iris = BotStatus(bot: BotID(rawValue: "iris")!, state: .failed, reason: "wrong token")

    func database() -> DatabaseAnswer {
        guard isDatabaseDown.withLock({ $0 }) else { return DatabaseAnswer(state: .up) }
        return DatabaseAnswer(state: .down, reason: "connection refused", since: 1_763_700_000_000)
    }

    private func needDatabase() throws {
        if isDatabaseDown.withLock({ $0 }) { throw PostgresError(.unavailable, "connection refused") }
    }

    func instances() async throws -> [InstanceRecord] {
        try needDatabase()
        return [
            record(
                "gateway",
                silence: 1,
                report:
                    #"{"status":"ok","service":"gateway","instance_id":"1","uptime":5,"queue_sizes":{"rest":2},"components":{"bus":{"ready":true}}}"#
            ),
            record("music", silence: 60, report: "{}"),
            persona("1", load: 1.25),
            persona("2", load: 0),
        ]
    }

    private func record(_ service: String, silence: Double, report: String) -> InstanceRecord {
        InstanceRecord(
            service: service,
            instance: "1",
            host: "127.0.0.1",
            port: 9101,
            pid: 1,
            silence: silence,
            report: report
        )
    }

    private func persona(_ instance: String, load: Double) -> InstanceRecord {
        InstanceRecord(
            service: "persona",
            instance: instance,
            host: "127.0.0.1",
            port: 9104,
            pid: 1,
            silence: 1,
            report:
                #"{"status":"ok","service":"persona","instance_id":"1","uptime":5,"queue_sizes":{},"components":{}}"#,
            limits: InstanceLimits(type: "chat", commands: ["ask"], channels: ["채팅방-*"], guilds: [GuildID(77)]),
            load: load,
            isReady: true
        )
    }

    func bots() async throws -> [BotStatus] {
        if isGatewayDown.withLock({ $0 }) { throw BusError(.noWorker, "nobody serves FleetStatus") }
        return [Self.rainbow, Self.iris]
    }

    func gaps() async throws -> [Gap] {
        try needDatabase()
        return [
            Gap(
                partition: "iris/0",
                from: Date(timeIntervalSince1970: 1_763_700_000),
                to: Date(timeIntervalSince1970: 1_763_700_060.5),
                reason: "Discord has ended the session"
            )
        ]
    }

    func control(_ bot: BotID, _ action: BotAction, by key: String) async throws -> BotStatus {
        controlled.withLock { $0.append("\(key) \(action.rawValue) \(bot)") }
        return BotStatus(bot: bot, state: .connecting)
    }

    func add(_ bot: BotID, _ token: TokenReference, by key: String) async throws -> BotStatus {
        if bot == Self.iris.bot {
            throw BusError(.failed(code: "conflict"), "iris stands in config/fleet.yaml")
        }
        controlled.withLock { $0.append("\(key) add \(bot) \(token.text)") }
        return BotStatus(bot: bot, state: .connecting)
    }

    func remove(_ bot: BotID, by key: String) async throws -> BotStatus {
        controlled.withLock { $0.append("\(key) remove \(bot)") }
        return BotStatus(bot: bot, state: .stopped, reason: "removed")
    }

    func guilds() async throws -> [GuildSummary] {
        [
            GuildSummary(
                guild: GuildID(77),
                name: "Harbour",
                memberCount: 9,
                bots: [Self.rainbow.bot],
                observer: Self.rainbow.bot
            )
        ]
    }

    func guild(_ id: GuildID) async throws -> GuildFacts {
        GuildFacts(known: id == GuildID(77), guild: id, name: "Harbour", memberCount: 9, bots: [Self.rainbow.bot])
    }

    func cases(guild: GuildID?, user: UserID?, after: CaseCursor?, limit: Int) async throws -> [Case] {
        let all = (1...5).reversed().map { number in
            Case(
                guild: GuildID(77),
                number: number,
                type: "warn",
                user: UserID(UInt64(number % 2)),
                moderator: nil,
                reason: "floopword",
                channel: ChannelID(78),
                message: MessageID(UInt64(900 + number)),
                createdAt: Int64(number)
            )
        }
        var found: [Case] = []
        for record in all where record.number < (after?.number ?? .max) {
            if let guild, guild != record.guild { continue }
            if let user, user != record.user { continue }
            found.append(record)
        }
        return Array(found.prefix(limit))
    }

    func players() async throws -> [PlayerAnswer] {
        [
            PlayerAnswer(
                bot: "rainbow",
                guild: "77",
                channel: "78",
                state: "playing",
                title: "Harbour Lights",
                position: 1500,
                queued: 2,
                node: "local"
            )
        ]
    }

    func follow(_ sink: @escaping @Sendable (LiveEvent) async throws -> Void) async throws {
        for event in events { try await sink(event) }
    }
}
