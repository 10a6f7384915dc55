import NIOCore
import NIOPosix
import Synchronization

/// A TCP server on loopback that reads one request a connection and answers with raw bytes as scripted: for the answers
/// that no well-behaved server gives.
package struct ScriptedHTTPServer {
    /// One step of an answer.
    package enum Step: Sendable {
        case send(String)
        case bytes([UInt8])
        /// Keeps the connection open until the client goes away.
        case hang
    }

    /// The head of an answer whose body ends with the connection.
    package static func head(
        _ status: String = "200 OK",
        type: String = "text/event-stream",
        _ headers: String = ""
    ) -> Step {
        .send("HTTP/1.1 \(status)\r\ncontent-type: \(type)\r\nconnection: close\r\n\(headers)\r\n")
    }

    /// Runs a server for the time of `body`, which gets its base URL without a path; the requests come with the result.
    ///
    /// - Parameter answers: one for each connection, in order; connections beyond them get the last.
    @discardableResult
    package static func run<Result>(
        _ answers: [Step]...,
        body: (_ baseURL: String) async throws -> Result
    ) async throws -> (result: Result, requests: [String]) {
        let script = Script(answers)
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ScriptHandler(script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = server.localAddress?.port ?? 0
        do {
            let result = try await body("http://127.0.0.1:\(port)")
            try await server.close()
            return (result, script.requests)
        } catch {
            try? await server.close()
            throw error
        }
    }
}

private final class Script: Sendable {
    private let answers: [[ScriptedHTTPServer.Step]]
    private let received = Mutex<[String]>([])

    init(_ answers: [[ScriptedHTTPServer.Step]]) { self.answers = answers }

    var requests: [String] { received.withLock { $0 } }

    /// The answer to that request.
    func answer(to request: String) -> [ScriptedHTTPServer.Step] {
        let number = received.withLock { received in
            received.append(request)
            return received.count - 1
        }
        return answers.isEmpty ? [] : answers[min(number, answers.count - 1)]
    }
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
        for step in script.answer(to: received) {
            switch step {
            case .send(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .bytes(let bytes): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            case .hang: return
            }
        }
        context.close(promise: nil)
    }
}
