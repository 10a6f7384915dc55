import BusContract
import DiscordModel
import Foundation
import ServiceKit
import TestSupport
import Testing

@testable import Routing

@Suite("Plans: who answers what")
struct RoutingPlanTests {
    private static let function = """
        strategy: function
        routes:
          chat:
            channels: ["채팅방-*", general]
            commands: [ask]
            instance_type: chat
            fallback_instances: ["4", "5"]
          image:
            channels: ["이미지생성-*"]
            instance_type: image
            fallback_instances: ["4"]
          video:
            channels: ["비디오생성-*"]
            instance_type: video
        """
    private static let server = """
        strategy: server
        servers:
          - {instance: "1", guilds: [100, 101]}
          - {instance: "2", guilds: ["200"]}
        overflow: "4"
        """
    private static let load = """
        strategy: load
        balanced: ["1", "2"]
        standby: "4"
        """

    private func rules(_ text: String?) throws -> RoutingRules {
        RoutingRules(plan: try text.map { try plan($0) })
    }

    private func plan(_ text: String) throws -> RoutingPlan {
        try RoutingPlan(ConfigFile.parse(text, path: "routing.yaml", settings: Settings(environment: [:])))
    }

    private func instance(
        _ id: String,
        _ type: InstanceType = .all,
        load: Double = 0,
        isReady: Bool = true,
        commands: Set<String> = [],
        channels: [String] = [],
        guilds: Set<GuildID> = []
    ) -> LiveInstance {
        LiveInstance(
            service: .persona,
            id: id,
            profile: InstanceProfile(
                type: type,
                commands: commands,
                channels: channels.map(ChannelGlob.init),
                guilds: guilds
            ),
            load: load,
            isReady: isReady
        )
    }

    private func tiers(_ rules: RoutingRules, _ work: Work, _ live: [LiveInstance]) -> [[String]] {
        rules.candidates(for: work, of: .persona, among: live).map { $0.map(\.id) }
    }

    private func work(_ channel: String, guild: UInt64 = 1, command: String? = nil) -> Work {
        Work(guild: GuildID(guild), channel: channel, command: command)
    }

    // MARK: By function

    @Test(
        "A channel takes the route whose pattern it fits; a command may have one of its own; the rest goes to admin",
        arguments: [
            ("채팅방-1", nil, "chat"), ("general", nil, "chat"), ("이미지생성-a", nil, "image"), ("비디오생성-b", nil, "video"),
            ("lounge", nil, "admin"), ("", nil, "admin"), ("lounge", "ask", "chat"), ("이미지생성-a", "ask", "chat"),
            ("이미지생성-a", "warn", "image"),
            ("\u{110E}\u{1162}\u{1110}\u{1175}\u{11BC}\u{1107}\u{1161}\u{11BC}-9", nil, "chat"),
        ] as [(String, String?, String)]
    )
    func functionRoutes(channel: String, command: String?, route: String) throws {
        #expect(try plan(Self.function).route(of: work(channel, command: command)).rawValue == route)
    }

    @Test("The type answers; else the fallbacks in their order, and an admin last")
    func functionTiers() throws {
        let rules = try rules(Self.function)
        let chat = work("채팅방-1")
        let all = [
            instance("9", .admin), instance("5", .image), instance("4", .video), instance("1", .chat),
            instance("2", .chat, load: 0.5),
        ]
        #expect(tiers(rules, chat, all) == [["1", "2"], ["4"], ["5"], ["9"]])
        #expect(tiers(rules, chat, all.filter { $0.profile.type != .chat }) == [["4"], ["5"], ["9"]])
        #expect(tiers(rules, chat, [instance("9", .admin)]) == [["9"]])
        // One of no type is of each; one of another type, that no list names, is not asked.
        #expect(tiers(rules, chat, [instance("7"), instance("8", .image)]) == [["7"]])
        // What no route asks for is the admins' alone, whoever else is there.
        #expect(tiers(rules, work("lounge"), all) == [["9"]])
        #expect(tiers(rules, work("lounge"), [instance("1", .chat)]) == [])
        #expect(tiers(rules, work("비디오생성-1"), all) == [["4"], ["9"]])
    }

    @Test("An instance that is not ready has nothing, and gets it back when it is")
    func readiness() throws {
        let rules = try rules(Self.function)
        let owner = instance("1", .chat)
        let fallback = instance("4", .image)
        #expect(rules.mayTake(work("general"), owner, among: [owner, fallback]))
        #expect(!rules.mayTake(work("general"), fallback, among: [owner, fallback]))
        #expect(rules.mayTake(work("general"), fallback, among: [instance("1", .chat, isReady: false), fallback]))
        #expect(rules.mayTake(work("general"), fallback, among: [fallback]))
        // What the registry says of itself does not stop an instance.
        #expect(rules.mayTake(work("general"), owner, among: [instance("1", .chat, isReady: false), fallback]))
    }

    @Test("An admin route may have fallbacks of its own")
    func adminFallbacks() throws {
        let rules = try rules(Self.function + "\n  admin:\n    fallback_instances: [\"1\"]\n")
        #expect(tiers(rules, work("lounge"), [instance("1", .chat), instance("2", .chat)]) == [["1"]])
        #expect(tiers(rules, work("lounge"), [instance("1", .chat), instance("9", .admin)]) == [["9"], ["1"]])
    }

    // MARK: By server

    @Test("A guild's instance answers, and the overflow instance while it is down and everywhere else")
    func servers() throws {
        let rules = try rules(Self.server)
        let all = [instance("1"), instance("2"), instance("4")]
        #expect(tiers(rules, work("x", guild: 101), all) == [["1"], ["4"]])
        #expect(tiers(rules, work("x", guild: 200), all) == [["2"], ["4"]])
        #expect(tiers(rules, work("x", guild: 200), [instance("1"), instance("4")]) == [["4"]])
        #expect(tiers(rules, work("x", guild: 999), all) == [["4"]])
        #expect(tiers(rules, Work(guild: nil), all) == [["4"]])
        #expect(tiers(rules, work("x", guild: 999), [instance("1"), instance("2")]) == [])
        #expect(try plan(Self.server).routes.map(\.rawValue) == ["server/1", "server/2", "overflow"])
    }

    // MARK: By load

    @Test("Balanced instances share by load; the standby works while all of them are down, not ready or full")
    func load() throws {
        let rules = try rules(Self.load)
        let idle = [instance("1", load: 0.7), instance("2", load: 0.1), instance("4")]
        #expect(tiers(rules, work("x"), idle) == [["2", "1"], ["4"]])
        let oneFull = [instance("1", load: 1), instance("2", load: 0.9), instance("4")]
        #expect(tiers(rules, work("x"), oneFull) == [["2"], ["4"], ["1"]])
        let full = [instance("1", load: 1.2), instance("2", load: 1), instance("4")]
        #expect(tiers(rules, work("x"), full) == [["4"], ["2", "1"]])
        #expect(tiers(rules, work("x"), [instance("1", isReady: false), instance("4")]) == [["4"]])
        // With the standby away too, work waits with those that are full.
        #expect(tiers(rules, work("x"), [instance("1", load: 1)]) == [["1"]])
        // One that the plan does not name stays silent.
        #expect(tiers(rules, work("x"), [instance("7")]) == [])
    }

    @Test("Those that are about equally busy take turns; who is busier is left alone")
    func turns() throws {
        let rules = try rules("strategy: load\nbalanced: [\"1\", \"2\", \"3\", \"5\"]\nstandby: \"4\"")
        let live = [
            instance("1", load: 0.01), instance("2"), instance("3", load: 0.05), instance("4"),
            instance("5", load: 0.6),
        ]
        var first: [String: Int] = [:]
        for second in 0..<300 as Range<UInt64> {
            // As Discord numbers what happens once a second.
            let id = (1_700_000_000_000 + second * 1_000) << 22
            let tiers = rules.candidates(for: work("x"), of: .persona, among: live, lot: id)
            #expect(tiers.map { Set($0.map(\.id)) } == [["1", "2", "3", "5"], ["4"]])
            first[tiers[0][0].id, default: 0] += 1
        }
        #expect(Set(first.keys) == ["1", "2", "3"])
        #expect(first.values.allSatisfy { $0 > 60 }, "\(first)")
    }

    // MARK: Limits

    @Test("An instance has only what it takes itself, with a plan and without")
    func limits() throws {
        let live = [
            instance("1", commands: ["warn"]), instance("2", channels: ["채팅방-*"]), instance("3", guilds: [GuildID(7)]),
            instance("4"),
        ]
        let free = try rules(nil)
        #expect(free.matter(to: .persona, among: live))
        #expect(!free.matter(to: .music, among: live))
        #expect(!free.matter(to: .persona, among: [instance("4")]))
        #expect(tiers(free, work("채팅방-1", guild: 7, command: "warn"), live) == [["1", "2", "3", "4"]])
        #expect(tiers(free, work("채팅방-1", guild: 7, command: "play"), live) == [["2", "3", "4"]])
        #expect(tiers(free, work("lounge", guild: 8, command: "play"), live) == [["4"]])
        #expect(tiers(free, Work(guild: nil), live) == [["1", "4"]])
        #expect(tiers(free, work("lounge", command: "play"), Array(live.prefix(3))) == [])
        #expect(free.dependOnNames(of: .persona, among: live))
        #expect(!free.dependOnNames(of: .persona, among: [live[0], live[2], live[3]]))
        #expect(!free.dependOnNames(of: .music, among: live))
        #expect(try self.rules(Self.function).dependOnNames(of: .music, among: []))
        for text in [Self.server, Self.load] {
            #expect(try !self.rules(text).dependOnNames(of: .persona, among: [instance("1")]))
            #expect(try self.rules(text).dependOnNames(of: .persona, among: live))
        }
        // The owner does not take it: its fallback does.
        let planned = try rules(Self.function)
        let owner = instance("1", .chat, guilds: [GuildID(7)])
        #expect(tiers(planned, work("general", guild: 8), [owner, instance("4", .image)]) == [["4"]])
        #expect(tiers(planned, work("general", guild: 7), [owner, instance("4", .image)]) == [["1"], ["4"]])
    }

    @Test("Settings are read as operators write them")
    func settings() throws {
        let profile = try InstanceProfile(
            settings: Settings(environment: [
                "INSTANCE_TYPE": "Image", "ENABLED_COMMANDS": "/warn, Play", "ENABLED_CHANNELS": "채팅방-*, general",
                "ENABLED_GUILDS": "100,200",
            ])
        )
        #expect(profile.type == .image && profile.commands == ["warn", "play"] && profile.guilds.count == 2)
        #expect(profile.accepts(Work(guild: GuildID(100), channel: "채팅방-2", command: "PLAY")))
        #expect(try InstanceProfile(settings: Settings(environment: [:])).isRestricted == false)
        let guild = #expect(throws: ConfigurationError.self) {
            try InstanceProfile(settings: Settings(environment: ["ENABLED_GUILDS": "100,harbour"]))
        }
        #expect(guild?.description == "ENABLED_GUILDS: expected ids of guilds, separated by commas, found \"harbour\"")
        #expect(throws: ConfigurationError.self) {
            try InstanceProfile(settings: Settings(environment: ["INSTANCE_TYPE": "sound"]))
        }
    }

    @Test("A plan may concern some services; of the others any instance answers")
    func services() throws {
        let rules = try rules(Self.load + "\nservices: [music]")
        let live = [instance("7", load: 0.5), instance("8")]
        #expect(!rules.matter(to: .persona, among: live) && rules.matter(to: .music, among: []))
        #expect(tiers(rules, work("x"), live) == [["8", "7"]])
        #expect(rules.routes(of: instance("7"), among: live) == [])
    }

    @Test("Routes move to whoever serves them now")
    func routesNow() throws {
        let rules = try rules(Self.function)
        let (chat, image, admin) = (instance("1", .chat), instance("4", .image), instance("9", .admin))
        func names(_ one: LiveInstance, _ live: [LiveInstance]) -> [String] {
            rules.routes(of: one, among: live).map(\.rawValue)
        }
        #expect(names(chat, [chat, image, admin]) == ["chat"])
        #expect(names(image, [chat, image, admin]) == ["image"])
        #expect(names(admin, [chat, image, admin]) == ["video", "admin"])
        #expect(names(image, [image, admin]) == ["chat", "image"])
        #expect(names(admin, [admin]) == ["chat", "image", "video", "admin"])
    }

    // MARK: The file

    @Test(
        "A mistake is told with its line and what was expected",
        arguments: [
            ("routes: {}", "routing.yaml:1: strategy: expected one of function, server, load, found nothing"),
            ("strategy: dice", "routing.yaml:1: strategy: expected one of function, server, load, found \"dice\""),
            (
                "strategy: load\nbalanced: [\"1\"]\nstandby: \"1\"",
                "routing.yaml:3: standby: expected an instance that is not among the balanced ones, found \"1\""
            ),
            (
                "strategy: load\nbalanced: []\nstandby: \"1\"",
                "routing.yaml:2: balanced: expected at least one INSTANCE_ID, found a list of 0"
            ),
            (
                "strategy: function\nroutes:\n  chat:\n    channels: [a]\n    instance_type: sound",
                "routing.yaml:5: routes.chat.instance_type: expected one of chat, image, video, admin, found \"sound\""
            ),
            (
                "strategy: function\nroutes:\n  chat:\n    instance_type: chat",
                "routing.yaml:4: routes.chat: expected channels or commands that take this route, found a table with the keys instance_type"
            ),
            (
                "strategy: function\nroutes:\n  chat:\n    channels: [a]\n    kind: chat",
                "routing.yaml:5: routes.chat: expected only the keys channels, commands, fallback_instances, instance_type, found \"kind\""
            ),
            (
                "strategy: server\nservers:\n  - {instance: 1, guilds: [5]}\n  - {instance: 2, guilds: [5]}\noverflow: 3",
                "routing.yaml:4: servers[1].guilds[0]: expected a guild that no other instance has, found 5"
            ),
            (
                "strategy: load\nbalanced: [1]\nstandby: 2\nservices: [gateway]",
                "routing.yaml:4: services[0]: expected a service that answers members: community, moderation, music, persona, scheduler, found \"gateway\""
            ),
        ]
    )
    func mistakes(text: String, complaint: String) {
        let error = #expect(throws: ConfigurationError.self) { try plan(text) }
        #expect(error?.description == complaint)
    }

    @Test("Without a file there is no plan; a file that is asked for must be there")
    func absence() throws {
        #expect(try RoutingPlan.load(settings: Settings(environment: ["ENSEMBLE_CONFIG": "/nowhere"])) == nil)
        #expect(throws: ConfigurationError.self) {
            try RoutingPlan.load(settings: Settings(environment: ["ROUTING_FILE": "/nowhere/routing.yaml"]))
        }
    }

    @Test("Each of the example's three plans can be read")
    func example() throws {
        let file = BuiltProducts.checkout.appending(path: "config/routing.yaml.example")
        let lines = try String(contentsOf: file, encoding: .utf8).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        // A plan begins with its strategy; the second and the third are commented out.
        var plans: [[String]] = []
        for line in lines {
            let isPlan = line.hasPrefix("# strategy: ") || line.hasPrefix("strategy: ")
            let text =
                plans.count + (isPlan ? 1 : 0) > 1 && line.hasPrefix("# ") ? String(line.dropFirst(2)) : String(line)
            if isPlan { plans.append([]) }
            if !plans.isEmpty { plans[plans.count - 1].append(text) }
        }
        // What follows an empty line belongs to the next plan's introduction, but within the first.
        let texts = plans.enumerated().map { index, lines in
            index == 0 ? lines.joined(separator: "\n") : lines.prefix { !$0.isEmpty }.joined(separator: "\n")
        }
        #expect(texts.count == 3)
        #expect(try plan(texts[0]).routes.map(\.rawValue) == ["chat", "image", "video", "admin"])
        #expect(try plan(texts[1]).instances == ["1", "2", "4"])
        #expect(try plan(texts[2]).strategy == .load(balanced: ["1", "2", "3"], standby: "4"))
    }
}
