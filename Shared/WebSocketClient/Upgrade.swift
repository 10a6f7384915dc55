internal import NIOCore
internal import NIOHTTP1
internal import NIOWebSocket

/// The HTTP request that turns a channel into a WebSocket connection.
struct Upgrade: Sendable {
    let target: WebSocketURL
    let headers: [(name: String, value: String)]
    let configuration: WebSocketConfiguration

    /// Adds the handlers of the upgrade; the result comes when the server has answered.
    func install(on channel: any Channel) throws -> EventLoopFuture<WebSocketConnection> {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: target.pathAndQuery)
        head.headers.add(name: "Host", value: target.hostHeader)
        head.headers.add(name: "Content-Length", value: "0")
        for header in headers { head.headers.add(name: header.name, value: header.value) }
        let upgrade = NIOTypedHTTPClientUpgradeConfiguration(
            upgradeRequestHead: head,
            upgraders: [Upgrader(configuration: configuration)],
            notUpgradingCompletionHandler: { channel in
                channel.eventLoop.makeFailedFuture(
                    WebSocketError(code: .refused, message: "the server answered without upgrading to a WebSocket")
                )
            }
        )
        var pipeline = NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: upgrade)
        // A server may send its first frames right behind its answer; the default would drop them.
        pipeline.leftOverBytesStrategy = .forwardBytes
        return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(configuration: pipeline)
    }
}

/// NIO's WebSocket upgrade with our decoder in place of its own, which would make one allocation a frame.
private struct Upgrader: NIOTypedHTTPClientProtocolUpgrader {
    typealias UpgradeResult = WebSocketConnection

    let configuration: WebSocketConfiguration
    private let handshake = NIOTypedWebSocketClientUpgrader<Void> { channel, _ in
        channel.eventLoop.makeSucceededVoidFuture()
    }

    init(configuration: WebSocketConfiguration) {
        self.configuration = configuration
    }

    var supportedProtocol: String { handshake.supportedProtocol }
    var requiredUpgradeHeaders: [String] { handshake.requiredUpgradeHeaders }

    func addCustom(upgradeRequestHeaders: inout HTTPHeaders) {
        handshake.addCustom(upgradeRequestHeaders: &upgradeRequestHeaders)
    }

    func shouldAllowUpgrade(upgradeResponse: HTTPResponseHead) -> Bool {
        handshake.shouldAllowUpgrade(upgradeResponse: upgradeResponse)
    }

    func upgrade(channel: any Channel, upgradeResponse: HTTPResponseHead) -> EventLoopFuture<WebSocketConnection> {
        channel.eventLoop.makeCompletedFuture {
            let mailbox = InboundMailbox()
            let outcome = ConnectionOutcome()
            let handler = ConnectionHandler(configuration: configuration, mailbox: mailbox, outcome: outcome)
            try channel.pipeline.syncOperations.addHandlers([WebSocketFrameEncoder(), handler])
            return WebSocketConnection(
                channel: channel,
                mailbox: mailbox,
                outcome: outcome,
                handler: NIOLoopBound(handler, eventLoop: channel.eventLoop)
            )
        }
    }
}
