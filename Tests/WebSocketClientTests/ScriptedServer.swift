import Crypto
import Foundation
import NIOCore
import NIOPosix
import Simulation
import Synchronization

/// A server that answers one handshake a connection and then does byte for byte what a test says.
struct ScriptedServer {
    let port: Int
    private let channel: any Channel

    typealias Script = @Sendable (Peer) async throws -> Void

    /// The server's end of one connection.
    struct Peer: Sendable {
        let request: String
        let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        let received: ReceivedBytes
        let channel: any Channel

        /// Closes TCP without a close frame.
        func drop() {
            channel.close(promise: nil)
        }

        func send(_ bytes: [UInt8]) async throws {
            try await outbound.write(ByteBuffer(bytes: bytes))
        }

        func sendText(_ text: String) async throws {
            let payload = Array(text.utf8)
            precondition(payload.count < 126)
            try await send([0x81, UInt8(payload.count)] + payload)
        }
    }

    /// Unmasked frames that the client sent.
    final class ReceivedBytes: Sendable {
        private let state = Mutex<[UInt8]>([])

        func append(_ bytes: [UInt8]) { state.withLock { $0 += bytes } }

        /// The frames so far, as (first byte, unmasked payload).
        var frames: [(first: UInt8, payload: [UInt8])] {
            var bytes = state.withLock { $0 }[...]
            var frames: [(UInt8, [UInt8])] = []
            while bytes.count >= 6 {
                let base = bytes.startIndex
                let count = Int(bytes[base + 1] & 0x7F)
                guard bytes[base + 1] & 0x80 != 0, count < 126, bytes.count >= 6 + count else { break }
                let key = Array(bytes[(base + 2)..<(base + 6)])
                let payload = bytes[(base + 6)..<(base + 6 + count)].enumerated().map {
                    $0.element ^ key[$0.offset % 4]
                }
                frames.append((bytes[base], payload))
                bytes = bytes.dropFirst(6 + count)
            }
            return frames
        }

        /// Waits until a frame is there that passes, at most thirty seconds.
        func frame(
            where passes: ((first: UInt8, payload: [UInt8])) -> Bool
        ) async throws -> (first: UInt8, payload: [UInt8])? {
            let deadline = ContinuousClock.now + .seconds(30)
            while ContinuousClock.now < deadline {
                if let frame = frames.first(where: passes) { return frame }
                try await Task.sleep(for: .milliseconds(2))
            }
            return nil
        }
    }

    /// Runs the body while a server plays the script to every connection.
    static func with<Result: Sendable>(
        status: String = "101 Switching Protocols",
        answers: Bool = true,
        script: @escaping Script,
        _ body: (ScriptedServer) async throws -> Result
    ) async throws -> Result {
        let open = OpenChannels()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    open.opened(channel)
                    return connection
                }
            }
        open.listens(server.channel)
        let port = server.channel.localAddress?.port ?? 0
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.executeThenClose { clients in
                    try await withThrowingDiscardingTaskGroup { connections in
                        for try await client in clients {
                            connections.addTask {
                                try? await serve(client, status: status, answers: answers, script: script)
                            }
                        }
                    }
                }
            }
            // Not by cancelling, for which see `OpenChannels`.
            defer { open.close() }
            return try await body(ScriptedServer(port: port, channel: server.channel))
        }
    }

    private static func serve(
        _ client: NIOAsyncChannel<ByteBuffer, ByteBuffer>,
        status: String,
        answers: Bool,
        script: @escaping Script
    ) async throws {
        try await client.executeThenClose { inbound, outbound in
            var iterator = inbound.makeAsyncIterator()
            var head = ""
            while !head.hasSuffix("\r\n\r\n"), let bytes = try await iterator.next() { head += String(buffer: bytes) }
            let key =
                head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("sec-websocket-key:") }
                .map { $0.dropFirst(18).trimmingCharacters(in: .whitespaces) } ?? ""
            let accept = Data(Insecure.SHA1.hash(data: Data((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
                .base64EncodedString()
            let received = ReceivedBytes()
            if answers {
                try await outbound.write(
                    ByteBuffer(
                        string:
                            "HTTP/1.1 \(status)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\nContent-Length: 0\r\n\r\n"
                    )
                )
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                let peer = Peer(request: head, outbound: outbound, received: received, channel: client.channel)
                group.addTask { try await script(peer) }
                while let bytes = try await iterator.next() { received.append(Array(buffer: bytes)) }
                group.cancelAll()
            }
        }
    }
}
