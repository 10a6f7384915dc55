import DiscordModel
import FoundationEssentials
import LavalinkModel
import Logging
import NIOCore
import ServiceKit
import Store
import WebSocketClient

/// One bot's WebSocket at one node, for as long as the bridge runs. Only this bot's players are heard here.
struct NodeSession: Sendable {
    let bot: BotID
    let user: UserID
    let node: NodeConfiguration
    let stored: LavalinkSessionID?
    let supervisor: PlayerSupervisor
    let sessions: LavalinkSessions
    let resumeSeconds: Int
    let logger: Logger
    let received: Counter
    let malformed: Counter

    /// Connects again and again until it is cancelled.
    func run() async {
        var machine = SessionMachine(session: stored)
        var refused = false
        while !Task.isCancelled {
            let session: LavalinkSessionID?
            switch machine.next(jitter: .random(in: 0..<1), refusedPassword: refused) {
            case .connect(let delay, let resume):
                session = resume
                guard await pause(delay) else { return }
            case .refused(let delay):
                session = nil
                guard await pause(delay) else { return }
            }
            do {
                try await connect(&machine, session: session)
                refused = false
            } catch let error as WebSocketError {
                // A stop is no failure of the node's.
                if Task.isCancelled { return }
                refused = error.status == 401 || error.status == 403
                log(error.message, failures: machine.failures, refused: refused)
            } catch {
                if Task.isCancelled { return }
                log("\(error)", failures: machine.failures, refused: false)
            }
            if Task.isCancelled { return }
            await perform(machine.disconnected())
        }
    }

    private func pause(_ delay: Duration) async -> Bool {
        guard delay > .zero else { return !Task.isCancelled }
        return (try? await Task.sleep(for: delay)) != nil
    }

    private func connect(_ machine: inout SessionMachine, session: LavalinkSessionID?) async throws {
        var configuration = WebSocketConfiguration()
        configuration.connectTimeout = .seconds(5)
        configuration.upgradeTimeout = .seconds(5)
        configuration.pingInterval = .seconds(10)
        // A node in the operator's own network is often reached without TLS.
        configuration.allowsPlainText = true
        var headers = [
            (name: LavalinkHeader.authorization, value: node.password.reveal()),
            (name: LavalinkHeader.userID, value: "\(user)"),
            (name: LavalinkHeader.clientName, value: Self.clientName(of: bot)),
        ]
        if let session { headers.append((name: LavalinkHeader.sessionID, value: session.reveal())) }
        let client = WebSocketClient(configuration: configuration)
        var current = machine
        defer { machine = current }
        try await client.withConnection(to: node.webSocketURL, headers: headers) { connection in
            current.connected()
            while let batch = try await connection.nextBatch() {
                for message in batch where message.kind == .text {
                    await receive(Array(buffer: message.payload), &current)
                }
            }
        }
    }

    /// `WORKER_IRIS/1`: who this is in a node's own log.
    static func clientName(of bot: BotID) -> String {
        "WORKER_\(bot.rawValue.uppercased())/1"
    }

    private func receive(_ bytes: [UInt8], _ machine: inout SessionMachine) async {
        received.increment()
        let message: ServerMessage
        do {
            message = try JSONDecoder().decode(ServerMessage.self, from: Data(bytes))
        } catch {
            malformed.increment()
            logger.warning(
                "a node's message cannot be read and is ignored",
                metadata: [LogKey.bot: "\(bot)", "node": "\(node.name)", LogKey.error: "\(error)"]
            )
            return
        }
        switch message {
        case .ready(let session, let resumed):
            await perform(machine.ready(session, resumed: resumed))
        case .stats(let stats):
            await supervisor.stats(stats, of: node.name)
        case .playerUpdate(let guild, let state):
            await supervisor.state(state, of: PlayerKey(bot: bot, guild: guild), at: node.name)
        case .event(let event):
            await supervisor.event(event, of: bot, at: node.name)
        case .unknown:
            break
        }
    }

    private func perform(_ actions: [SessionMachine.Action]) async {
        for action in actions {
            switch action {
            case .opened(let session, let resumed):
                await opened(session, resumed: resumed)
            case .suspect:
                logger.warning("a node's connection is lost", metadata: [LogKey.bot: "\(bot)", "node": "\(node.name)"])
                await supervisor.sessionSuspect(bot, at: node.name)
            case .down:
                logger.error("a node is down", metadata: [LogKey.bot: "\(bot)", "node": "\(node.name)"])
                await supervisor.sessionDown(bot, at: node.name)
            }
        }
    }

    private func opened(_ session: LavalinkSessionID, resumed: Bool) async {
        logger.info(
            "a node's session stands",
            metadata: [LogKey.bot: "\(bot)", "node": "\(node.name)", "resumed": "\(resumed)"]
        )
        let client = NodeClient(node, timeout: .seconds(5))
        do {
            try await client.enableResuming(session, seconds: resumeSeconds)
            try await sessions.save(bot: bot, node: node.name.rawValue, session: session.reveal(), user: user)
        } catch {
            // The session works all the same; only a restart would not find its players again.
            logger.warning(
                "a node's session will not survive a restart",
                metadata: [LogKey.bot: "\(bot)", "node": "\(node.name)", LogKey.error: "\(error)"]
            )
        }
        await supervisor.sessionReady(bot, at: node.name, session: session, resumed: resumed)
    }

    private func log(_ error: String, failures: Int, refused: Bool) {
        let metadata: Logger.Metadata = [
            LogKey.bot: "\(bot)", "node": "\(node.name)", LogKey.error: "\(error)", "attempt": "\(failures + 1)",
        ]
        if refused {
            logger.error("a node refuses our password: check lavalink.yaml or LAVALINK_NODES", metadata: metadata)
        } else if failures < 3 || failures % 20 == 0 {
            logger.warning("a node cannot be reached", metadata: metadata)
        }
    }
}
