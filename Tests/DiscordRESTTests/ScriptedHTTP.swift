import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP server that answers as a test says and remembers what it was asked.
final class ScriptedHTTP: Sendable {
    struct Request: Sendable {
        var method: String
        var uri: String
        var headers: HTTPHeaders
        var body: String
    }

    struct Answer: Sendable {
        var status: Int
        var headers: [(String, String)] = []
        var body = "{}"
        /// Close the connection in place of answering.
        var drops = false

        static let ok = Answer(status: 200)
    }

    private struct State {
        var requests: [Request] = []
        var answers: [Answer]
    }

    private let state: Mutex<State>
    let port: Int
    private let channel: any Channel

    private init(answers: [Answer], port: Int, channel: any Channel) {
        state = Mutex(State(answers: answers))
        self.port = port
        self.channel = channel
    }

    var requests: [Request] { state.withLock { $0.requests } }

    /// Runs the body beside a server that gives the answers in turn, then `ok` for ever.
    static func with<Result>(_ answers: [Answer], _ body: (ScriptedHTTP) async throws -> Result) async throws -> Result
    {
        let box = HandlerBox()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(box: box))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = ScriptedHTTP(
            answers: answers,
            port: channel.localAddress?.port ?? 0,
            channel: channel
        )
        box.server.withLock { $0 = server }
        do {
            let result = try await body(server)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    private func answer(_ request: Request) -> Answer {
        state.withLock { state in
            state.requests.append(request)
            return state.answers.isEmpty ? .ok : state.answers.removeFirst()
        }
    }

    private final class HandlerBox: Sendable {
        let server = Mutex<ScriptedHTTP?>(nil)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let box: HandlerBox
        private var head: HTTPRequestHead?
        private var body = ""

        init(box: HandlerBox) {
            self.box = box
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = ""
            case .body(let bytes): body += String(buffer: bytes)
            case .end:
                guard let head, let server = box.server.withLock({ $0 }) else { return }
                let answer = server.answer(
                    Request(method: head.method.rawValue, uri: head.uri, headers: head.headers, body: body)
                )
                guard !answer.drops else {
                    context.close(promise: nil)
                    return
                }
                var headers = HTTPHeaders(answer.headers)
                headers.add(name: "Content-Length", value: String(answer.body.utf8.count))
                let response = HTTPResponseHead(
                    version: .http1_1,
                    status: HTTPResponseStatus(statusCode: answer.status),
                    headers: headers
                )
                context.write(wrapOutboundOut(.head(response)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
