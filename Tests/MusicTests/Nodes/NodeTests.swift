import DiscordModel
import LavalinkBridgeCore
import LavalinkModel
import ServiceKit
import Testing

@Suite("Nodes")
struct NodePoolTests {
    private let iris = BotID(rawValue: "iris")!
    private let selene = BotID(rawValue: "selene")!
    private let a = NodeName(rawValue: "a")
    private let b = NodeName(rawValue: "b")
    private let search = NodeName(rawValue: "search")

    private func pool() -> NodePool {
        NodePool([(a, .both), (b, .worker), (search, .search)])
    }

    private func stats(_ playing: Int) -> NodeStats {
        NodeStats(players: playing, playingPlayers: playing, uptime: 1)
    }

    @Test("searches never use a worker, players never a search node")
    func roles() {
        let pool = pool()
        #expect(Set(pool.searchers) == [a, search])
        #expect(pool.workers == [a, b])
        #expect(pool.isLost(iris, at: search))
    }

    @Test("the least loaded ready node wins, assignments since the figures counted")
    func best() {
        var pool = pool()
        #expect(pool.best(for: iris) == nil)
        _ = pool.sessionReady(iris, at: a, session: .init("1"), resumed: false)
        _ = pool.sessionReady(iris, at: b, session: .init("2"), resumed: false)
        pool.stats(stats(1), of: a)
        pool.stats(stats(0), of: b)
        #expect(pool.best(for: iris) == b)
        pool.assigned(to: b)
        pool.assigned(to: b)
        #expect(pool.best(for: iris) == a)
        pool.stats(stats(0), of: b)
        #expect(pool.best(for: iris) == b)
        #expect(pool.best(for: iris, excluding: [b]) == a)
    }

    @Test("a session belongs to one bot")
    func perBot() {
        var pool = pool()
        _ = pool.sessionReady(iris, at: a, session: .init("1"), resumed: false)
        #expect(pool.best(for: selene) == nil)
        #expect(pool.ready(selene, at: a) == nil)
    }

    @Test("a node that has not been heard of is not lost; one that is down is")
    func starting() {
        var pool = pool()
        #expect(!pool.isLost(iris, at: a))
        #expect(pool.ready(iris, at: a) == nil)
        pool.sessionDown(iris, at: a)
        #expect(pool.isLost(iris, at: a))
        #expect(pool.isLost(iris, at: NodeName(rawValue: "unknown")))
    }

    @Test("epochs grow when players are forgotten, and only then")
    func epochs() {
        var pool = pool()
        let first = pool.sessionReady(iris, at: a, session: .init("1"), resumed: false)
        pool.sessionSuspect(iris, at: a)
        #expect(!pool.isLost(iris, at: a))
        #expect(pool.sessionReady(iris, at: a, session: .init("1"), resumed: true) == first)
        pool.sessionSuspect(iris, at: a)
        #expect(pool.sessionReady(iris, at: a, session: .init("2"), resumed: false) > first)
    }

    @Test("a node without the track's source is not chosen when that is known")
    func sources() {
        var pool = pool()
        _ = pool.sessionReady(iris, at: a, session: .init("1"), resumed: false)
        let version = NodeInfo.Version(semver: "4.2.2", major: 4, minor: 2, patch: 2)
        #expect(pool.best(for: iris, source: "spotify") == a)
        pool.info(NodeInfo(version: version, sourceManagers: ["youtube"], filters: [], plugins: []), of: a)
        #expect(pool.best(for: iris, source: "spotify") == nil)
        #expect(pool.best(for: iris, source: "youtube") == a)
    }

    @Test("a node that cannot encrypt is out until it is a newer one")
    func unfit() {
        var pool = pool()
        _ = pool.sessionReady(iris, at: a, session: .init("1"), resumed: false)
        pool.unfit(a)
        #expect(pool.best(for: iris) == nil)
        #expect(pool.isLost(iris, at: a))
        let version = NodeInfo.Version(semver: "4.2.2", major: 4, minor: 2, patch: 2)
        pool.info(NodeInfo(version: version, sourceManagers: [], filters: [], plugins: []), of: a)
        #expect(pool.best(for: iris) == a)
    }
}

@Suite("A node's session")
struct SessionMachineTests {
    @Test("the first attempt is at once and with what an earlier process left")
    func first() {
        var machine = SessionMachine(session: LavalinkSessionID("old"))
        #expect(machine.next(jitter: 0.5) == .connect(after: .zero, session: LavalinkSessionID("old")))
    }

    @Test("lost: suspect at once, down after two failed attempts, once")
    func down() {
        var machine = SessionMachine(session: nil)
        _ = machine.next(jitter: 0)
        machine.connected()
        #expect(
            machine.ready(LavalinkSessionID("s"), resumed: false) == [.opened(LavalinkSessionID("s"), resumed: false)]
        )
        #expect(machine.disconnected() == [.suspect])
        #expect(machine.next(jitter: 0) == .connect(after: .zero, session: LavalinkSessionID("s")))
        #expect(machine.disconnected() == [])
        #expect(machine.next(jitter: 0) == .connect(after: .milliseconds(250), session: LavalinkSessionID("s")))
        #expect(machine.disconnected() == [.down])
        _ = machine.next(jitter: 0)
        #expect(machine.disconnected() == [])
    }

    @Test("the wait between attempts grows to a cap, and never is none")
    func backoff() {
        var machine = SessionMachine(session: nil)
        var last = Duration.zero
        for _ in 0..<20 {
            guard case .connect(let wait, _) = machine.next(jitter: 1) else { return }
            last = wait
            _ = machine.disconnected()
        }
        #expect(last > .seconds(10) && last <= .seconds(16))
        guard case .connect(let shortest, _) = machine.next(jitter: 0) else { return }
        #expect(shortest >= .milliseconds(500))
    }

    @Test("a wrong password is tried rarely")
    func refused() {
        var machine = SessionMachine(session: nil)
        #expect(machine.next(jitter: 0, refusedPassword: true) == .refused(after: .seconds(30)))
    }
}

@Suite("Node configuration")
struct NodeConfigurationTests {
    @Test("an item of LAVALINK_NODES")
    func item() throws {
        let node = try NodeConfiguration.parse("local=127.0.0.1:2333:pass:wo:rd:worker", number: 1)
        #expect(node.name.rawValue == "local")
        #expect(node.host == "127.0.0.1" && node.port == 2333)
        #expect(node.password.reveal() == "pass:wo:rd")
        #expect(node.role == .worker)
        #expect(node.restBase == "http://127.0.0.1:2333")
        let secure = try NodeConfiguration.parse("https://node.example:443:pw", number: 2)
        #expect(secure.name.rawValue == "node2" && secure.secure && secure.role == .both)
        #expect(secure.webSocketURL == "wss://node.example:443/v4/websocket")
        let six = try NodeConfiguration.parse("six=[::1]:2333:pw:search", number: 3)
        #expect(six.restBase == "http://[::1]:2333" && six.role == .search)
    }

    @Test(
        "nonsense is refused without showing the password",
        arguments: ["", "a", "a:b", "a:b:c", "a:0:secret", ":1:secret", "a:2333:"]
    )
    func nonsense(text: String) throws {
        do {
            _ = try NodeConfiguration.parse(text, number: 1)
            Issue.record("taken: \(text)")
        } catch {
            #expect(!"\(error)".contains("secret"))
            #expect(error.key == "LAVALINK_NODES")
        }
    }

    @Test("the environment takes the place of the file, and roles must cover both tasks")
    func environment() throws {
        let one = try NodeConfiguration.load(Settings(environment: ["LAVALINK_NODES": "a=h:1:p, b=h:2:p:search"]))
        #expect(one.map(\.name.rawValue) == ["a", "b"])
        #expect(throws: ConfigurationError.self) {
            try NodeConfiguration.load(Settings(environment: ["LAVALINK_NODES": "a=h:1:p:search"]))
        }
        #expect(throws: ConfigurationError.self) {
            try NodeConfiguration.load(Settings(environment: ["LAVALINK_NODES": "a=h:1:p,a=h:2:p"]))
        }
    }

    @Test("the file, with variables and complaints that name the line")
    func file() throws {
        let settings = Settings(environment: ["PW": "geheim"])
        let good = try ConfigFile.parse(
            "nodes:\n  - name: one\n    host: h\n    port: 99\n    password: ${PW}\n    role: both\n",
            path: "lavalink.yaml",
            settings: settings
        )
        let nodes = try NodeConfiguration.read(good)
        #expect(nodes.first?.password.reveal() == "geheim" && nodes.first?.port == 99)
        let bad = try ConfigFile.parse(
            "nodes:\n  - host: h\n    password: p\n    role: boss\n",
            path: "lavalink.yaml",
            settings: settings
        )
        do {
            _ = try NodeConfiguration.read(bad)
            Issue.record("taken")
        } catch {
            #expect(error.line == 4 && error.file == "lavalink.yaml")
        }
    }
}
