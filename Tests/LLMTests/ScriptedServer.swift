import AsyncHTTPClient
import LLM
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// A TCP server on loopback that reads one request and answers with raw bytes as scripted: for the streams that no
/// well-behaved server sends.
struct ScriptedServer {
    /// One step of an answer.
    enum Step: Sendable {
        case send(String)
        case bytes([UInt8])
        /// Keeps the connection open until the client goes away.
        case hang
    }

    /// The head of an answer whose body ends with the connection.
    static func head(_ status: String = "200 OK", type: String = "text/event-stream", _ headers: String = "") -> Step {
        .send("HTTP/1.1 \(status)\r\ncontent-type: \(type)\r\nconnection: close\r\n\(headers)\r\n")
    }

    /// Runs a server for the time of `body`, which gets its base URL; the requests come with the result.
    static func run<Result>(
        _ steps: [Step],
        _ body: (_ baseURL: String) async throws -> Result
    ) async throws -> (result: Result, requests: [String]) {
        let script = Script(steps)
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ScriptHandler(script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = server.localAddress?.port ?? 0
        do {
            let result = try await body("http://127.0.0.1:\(port)/v1")
            try await server.close()
            return (result, script.requests.withLock { $0 })
        } catch {
            try? await server.close()
            throw error
        }
    }
}

private final class Script: Sendable {
    let steps: [ScriptedServer.Step]
    let requests = Mutex<[String]>([])

    init(_ steps: [ScriptedServer.Step]) { self.steps = steps }
}

private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let script: Script
    private var received = ""
    private var answered = false

    init(_ script: Script) { self.script = script }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += String(buffer: unwrapInboundIn(data))
        guard !answered, let end = received.firstRange(of: "\r\n\r\n") else { return }
        let head = received[..<end.lowerBound].lowercased()
        let length = head.firstRange(of: "content-length: ").flatMap { range in
            Int(head[range.upperBound...].prefix { $0.isNumber })
        }
        guard received[end.upperBound...].utf8.count >= length ?? 0 else { return }
        answered = true
        script.requests.withLock { $0.append(received) }
        for step in script.steps {
            switch step {
            case .send(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .bytes(let bytes): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            case .hang: return
            }
        }
        context.close(promise: nil)
    }
}

/// Lends a transport with its own HTTP client.
func withTransport<Result>(
    _ limits: StreamLimits = StreamLimits(),
    _ body: (ModelTransport) async throws -> Result
) async throws -> Result {
    let client = HTTPClient(
        eventLoopGroupProvider: .singleton,
        configuration: ModelTransport.configuration(limits: limits)
    )
    do {
        let result = try await body(ModelTransport(client: client, limits: limits, logger: Logger(label: "test")))
        try await client.shutdown()
        return result
    } catch {
        try? await client.shutdown()
        throw error
    }
}
