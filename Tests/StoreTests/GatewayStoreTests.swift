import BusContract
import DiscordModel
import FoundationEssentials
import Postgres
import Testing

@testable import Store

@Suite struct GatewayStoreTests {
    @Test func botsKeepWhatAnOperatorWants() async throws {
        try await withStore { client in
            let bots = Bots(client)
            let (rainbow, iris) = (try bot("rainbow"), try bot("iris"))
            try await bots.declare(rainbow, tokenReference: "DISCORD_TOKEN", isPrimary: true)
            try await bots.declare(iris, tokenReference: "DISCORD_TOKEN_IRIS", isPrimary: false)
            #expect(try await bots.setDesired(.stopped, of: iris))
            #expect(try await bots.setDesired(.stopped, of: try bot("nobody")) == false)
            try await bots.identify(
                iris,
                user: UserID(.max),
                application: ApplicationID(7),
                username: "Iris \u{1F308}",
                shards: 2
            )
            try await bots.observe(iris, state: "online")
            let online = try #require(try await bots.find(iris))
            try await bots.observe(iris, state: "online", reason: "still")
            try await bots.declare(iris, tokenReference: "file:/run/iris", isPrimary: false)
            let found = try #require(try await bots.find(iris))
            #expect(found.desired == .stopped)
            #expect(found.tokenReference == "file:/run/iris")
            #expect(found.user == UserID(.max))
            #expect(found.since == online.since)
            #expect(found.reason == "still")
            #expect(try await bots.all().map(\.bot) == [rainbow, iris])
            // The primary changes hands.
            try await bots.declare(iris, tokenReference: "file:/run/iris", isPrimary: true)
            #expect(try await bots.all().filter(\.isPrimary).map(\.bot) == [iris])
            try await bots.remove(iris)
            #expect(try await bots.find(iris) == nil)
        }
    }

    @Test func identifiesAreCountedBeforeTheyAreSent() async throws {
        try await withStore { client in
            let identifies = Identifies(client)
            let (iris, selene) = (try bot("iris"), try bot("selene"))
            for shard in 0..<3 { try await identifies.record(bot: iris, shard: shard) }
            try await identifies.record(bot: selene, shard: 0)
            let recent = try await identifies.recent(bot: iris)
            #expect(recent.map(\.shard).sorted() == [0, 1, 2])
            #expect(recent.allSatisfy { $0.age < .seconds(60) })
            try await client.query("UPDATE identifies SET sent_at = sent_at - interval '25 hours' WHERE bot = 'iris'")
            #expect(try await identifies.recent(bot: iris).isEmpty)
            #expect(try await identifies.recent(bot: selene).count == 1)
        }
    }

    @Test func oneTransactionAtATimeDecidesAboutIdentifies() async throws {
        try await withStore { client in
            let iris = try bot("iris")
            // Each sees what the other has written: of eight that allow themselves three, three go.
            let granted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for shard in 0..<8 {
                    group.addTask {
                        try await client.withTransaction { transaction in
                            let identifies = Identifies(transaction)
                            try await identifies.lock(iris)
                            guard try await identifies.recent(bot: iris).count < 3 else { return false }
                            try await identifies.record(bot: iris, shard: shard)
                            return true
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(granted == 3)
        }
    }

    @Test func invalidRequestsOfAllHostsAddUp() async throws {
        try await withStore { client in
            let requests = InvalidRequests(client)
            #expect(try await requests.add(3) == 3)
            #expect(try await requests.add(4) == 7)
            try await client.query("UPDATE invalid_requests SET minute = minute - interval '5 minutes'")
            #expect(try await requests.add(1) == 8)
            try await client.query("UPDATE invalid_requests SET minute = minute - interval '9 minutes'")
            #expect(try await requests.add(1) == 2)
        }
    }

    @Test func anOldSnapshotNeverReplacesANewOne() async throws {
        try await withStore { client in
            let snapshots = GuildSnapshots(client)
            let iris = try bot("iris")
            func snapshot(_ guild: UInt64, _ stream: Int64, _ seq: Int64, _ state: [UInt8]) -> GuildSnapshot {
                GuildSnapshot(guild: GuildID(guild), stream: stream, seq: seq, state: state)
            }
            try await snapshots.save([snapshot(1, 2, 10, [1]), snapshot(2, 2, 11, [])], of: iris)
            try await snapshots.save([snapshot(1, 2, 9, [9]), snapshot(2, 3, 1, [2])], of: iris)
            #expect(try await snapshots.find(bot: iris, guild: GuildID(1)) == snapshot(1, 2, 10, [1]))
            #expect(try await snapshots.find(bot: iris, guild: GuildID(2)) == snapshot(2, 3, 1, [2]))
            #expect(try await snapshots.find(bot: try bot("selene"), guild: GuildID(1)) == nil)
            try await snapshots.remove([GuildID(1)], of: iris)
            #expect(try await snapshots.page(of: iris, after: GuildID(0), limit: 10).map(\.guild) == [GuildID(2)])
            #expect(try await snapshots.page(of: iris, after: GuildID(2), limit: 10).isEmpty)
        }
    }

    @Test func anOlderManifestNeverOverwritesANewerOne() async throws {
        try await withStore { client in
            let manifests = CommandManifests(client)
            func declaration(_ version: Int64, _ names: [String]) -> DeclareCommands {
                DeclareCommands(
                    service: "music",
                    version: version,
                    commands: names.map {
                        DeclaredCommand(name: $0, deferral: .visible, definition: "{\"name\":\"\($0)\"}")
                    },
                    components: [DeclaredComponent(prefix: "queue:", deferral: .update)]
                )
            }
            #expect(try await manifests.store(declaration(2, ["play", "채팅"])))
            #expect(try await manifests.store(declaration(2, ["play", "채팅"])) == false)
            #expect(try await manifests.store(declaration(1, ["stop"])) == false)
            #expect(try await manifests.all().map(\.commands) == [declaration(2, ["play", "채팅"]).commands])
            #expect(try await manifests.store(declaration(3, ["stop"])))
            try await manifests.remove(service: "music")
            #expect(try await manifests.all().isEmpty)
        }
    }

    @Test func registeredCommandsAreReplacedAsASet() async throws {
        try await withStore { client in
            let registered = RegisteredCommands(client)
            let application = ApplicationID(5)
            let play = RegisteredCommand(name: "play", digest: [1], command: CommandID(9))
            let stop = RegisteredCommand(name: "stop", digest: [2], command: nil)
            try await registered.replace([play, stop], of: application)
            try await registered.replace([play], of: application, guild: GuildID(1))
            let skip = RegisteredCommand(name: "skip", digest: [3], command: nil)
            let changed = RegisteredCommand(name: "play", digest: [4], command: CommandID(10))
            try await registered.replace([changed, skip], of: application)
            #expect(try await registered.all(of: application) == [changed, skip])
            #expect(try await registered.all(of: application, guild: GuildID(1)) == [play])
            try await registered.replace([], of: application)
            #expect(try await registered.all(of: application).isEmpty)
        }
    }

    @Test func interactionsAreFinishedOnceAndTheirTokensErased() async throws {
        try await withStore { client in
            let interactions = Interactions(client)
            let rainbow = try bot("rainbow")
            let now = Date(timeIntervalSince1970: Date.now.timeIntervalSince1970.rounded())
            func interaction(_ id: UInt64, expires: TimeInterval) -> StoredInteraction {
                StoredInteraction(
                    interaction: InteractionID(id),
                    bot: rainbow,
                    application: ApplicationID(1),
                    token: [1, 2],
                    service: "music",
                    name: "play",
                    kind: "command",
                    receivedAt: now,
                    expiresAt: now.addingTimeInterval(expires)
                )
            }
            #expect(try await interactions.insert(interaction(1, expires: 900)))
            #expect(try await interactions.insert(interaction(1, expires: 900)) == false)
            #expect(try await interactions.insert(interaction(2, expires: -1)))
            let later = try await interactions.clock()
            #expect(try await interactions.leftovers(of: "1", before: later).count == 2)
            let found = try #require(try await interactions.find(InteractionID(1)))
            #expect(found.token == [1, 2] && found.name == "play" && found.state == .received)
            try await interactions.set(.deferred, of: InteractionID(1))
            try await interactions.set(.answered, of: InteractionID(1))
            try await interactions.set(.deferred, of: InteractionID(1))
            #expect(try await interactions.find(InteractionID(1))?.state == .answered)
            #expect(try await interactions.eraseExpiredTokens() == 1)
            let expired = try #require(try await interactions.find(InteractionID(2)))
            #expect(expired.token == nil && expired.state == .failed)
            #expect(try await interactions.leftovers(of: "1", before: later).isEmpty)
        }
    }

    @Test("what a gateway with a wrong clock writes down lives as long as any other's", arguments: [-3_600, 3_600])
    func clocksOfGatewaysDoNotMatter(offset: TimeInterval) async throws {
        try await withStore { client in
            let interactions = Interactions(client)
            let start = try await interactions.clock()
            let theirs = Date.now.addingTimeInterval(offset)
            let row = StoredInteraction(
                interaction: InteractionID(1),
                bot: try bot("rainbow"),
                application: ApplicationID(1),
                token: [1],
                service: "music",
                name: "play",
                kind: "command",
                receivedAt: theirs,
                expiresAt: theirs.addingTimeInterval(900),
                holder: "1"
            )
            #expect(try await interactions.insert(row))
            #expect(try await interactions.eraseExpiredTokens() == 0)
            let found = try #require(try await interactions.find(InteractionID(1)))
            #expect(found.token == [1])
            #expect(abs(found.expiresAt.timeIntervalSince(start) - 900) < 60)
            // This process's own, however its clock went meanwhile, and an earlier one's for the next process.
            #expect(try await interactions.leftovers(of: "1", before: start).isEmpty)
            #expect(try await interactions.leftovers(of: "1", before: interactions.clock()).count == 1)
        }
    }

    @Test func addedBotsAreToldFromThoseOfTheFile() async throws {
        try await withStore { client in
            let bots = Bots(client)
            let (iris, nova) = (try bot("iris"), try bot("nova"))
            try await bots.declare(iris, tokenReference: "DISCORD_TOKEN_IRIS", isPrimary: true)
            let added = try #require(try await bots.add(nova, tokenReference: "file:nova"))
            #expect(added.source == .api && added.desired == .running && !added.isPrimary)
            _ = try await bots.setDesired(.stopped, of: nova)
            // The same again changes nothing; another reference is another bot.
            #expect(try await bots.add(nova, tokenReference: "file:nova")?.desired == .stopped)
            #expect(try await bots.add(nova, tokenReference: "file:other") == nil)
            #expect(try await bots.all().map(\.source) == [.file, .api])
            // The file takes it in.
            try await bots.declare(nova, tokenReference: "DISCORD_TOKEN_NOVA", isPrimary: false)
            #expect(try await bots.find(nova)?.source == .file)
            // It has gone from the file and comes back over the API.
            #expect(try await bots.add(nova, tokenReference: "file:nova")?.desired == .running)
            try await bots.remove(nova)
            #expect(try await bots.all().map(\.bot) == [iris])
        }
    }

    @Test func whatAnInstanceLeftIsClaimedOnce() async throws {
        try await withStore { client in
            let interactions = Interactions(client)
            let now = try await interactions.clock()
            func insert(_ id: UInt64, _ holder: String) async throws {
                let row = StoredInteraction(
                    interaction: InteractionID(id),
                    bot: try bot("rainbow"),
                    application: ApplicationID(1),
                    token: [1],
                    service: "music",
                    name: "play",
                    kind: "command",
                    receivedAt: now,
                    expiresAt: now.addingTimeInterval(900),
                    holder: holder
                )
                #expect(try await interactions.insert(row))
            }
            func leftovers(_ holder: String, before start: Date) async throws -> [UInt64] {
                try await interactions.leftovers(of: holder, before: start).map(\.interaction.rawValue)
            }
            try await insert(1, "1")
            try await insert(2, "2")
            try await insert(3, "")
            // Its own of this process are no leftovers, nor are those of an instance that lives.
            try await client.query(
                """
                INSERT INTO leases (resource, holder, epoch, expires_at)
                VALUES (\(Interactions.lease(of: "2")), 'gateway/2', 1, now() + interval '1 hour')
                """
            )
            #expect(try await leftovers("1", before: now) == [3])
            #expect(try await leftovers("1", before: now + 60) == [1, 3])
            try await client.query("UPDATE leases SET expires_at = now() - interval '1 second'")
            #expect(try await leftovers("1", before: now) == [2, 3])

            #expect(try await interactions.claim(InteractionID(2), from: "2", by: "1")?.holder == "1")
            #expect(try await interactions.claim(InteractionID(2), from: "2", by: "3") == nil)
            #expect(try await interactions.takeOver(InteractionID(1), by: "4"))
            try await interactions.set(.deferred, of: InteractionID(1))
            #expect(try await interactions.takeOver(InteractionID(1), by: "5") == false)
            #expect(try await interactions.find(InteractionID(1))?.holder == "4")
            try await interactions.set(.answered, of: InteractionID(3))
            #expect(try await interactions.claim(InteractionID(3), from: "", by: "1") == nil)
        }
    }
}
