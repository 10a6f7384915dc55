internal import NIOCore
internal import NIOWebSocket

/// An open WebSocket connection. One task reads; any task may send.
package struct WebSocketConnection: Sendable {
    private let channel: any Channel
    private let mailbox: InboundMailbox
    private let outcome: ConnectionOutcome
    private let handler: NIOLoopBound<ConnectionHandler>

    init(
        channel: any Channel,
        mailbox: InboundMailbox,
        outcome: ConnectionOutcome,
        handler: NIOLoopBound<ConnectionHandler>
    ) {
        self.channel = channel
        self.mailbox = mailbox
        self.outcome = outcome
        self.handler = handler
    }

    /// All messages that have come since the last call, at least one; nil when the connection has ended.
    ///
    /// - Important: one task at a time.
    /// - Throws: `WebSocketError` if the peer broke the protocol, `CancellationError`.
    package func nextBatch() async throws -> [WebSocketMessage]? {
        try await mailbox.next {
            let handler = handler
            channel.eventLoop.execute {
                let handler = handler.value
                guard let context = try? channel.pipeline.syncOperations.context(handler: handler) else { return }
                handler.resumeReading(context)
            }
        }
    }

    /// Runs the task that reads on the thread that reads the socket, so that a message reaches it without waking another.
    ///
    /// Other connections of that thread wait for it: nothing in it may take long.
    package func onItsThread<Result: Sendable>(
        _ body: @Sendable (isolated SocketActor) async throws -> Result
    ) async throws -> Result {
        try await SocketActor(channel.eventLoop).run(body)
    }

    /// What the peer said when it closed; nil while it is open, and if it dropped the connection without a word.
    package var closure: WebSocketClosure? { outcome.closure }

    /// Hands a text message to the socket; it never waits.
    ///
    /// - Throws: `.closed`; `.congested` if the peer has not read what was sent before.
    package func send(text: String) throws(WebSocketError) {
        try send(.text, ByteBuffer(string: text))
    }

    /// Hands a text message of UTF-8 bytes to the socket; it never waits.
    package func send(utf8 bytes: some Sequence<UInt8>) throws(WebSocketError) {
        try send(.text, ByteBuffer(bytes: bytes))
    }

    /// Hands a binary message to the socket; it never waits.
    package func send(binary bytes: some Sequence<UInt8>) throws(WebSocketError) {
        try send(.binary, ByteBuffer(bytes: bytes))
    }

    private func send(_ opcode: WebSocketOpcode, _ payload: ByteBuffer) throws(WebSocketError) {
        guard channel.isActive, !outcome.hasEnded else {
            throw WebSocketError(code: .closed, message: "the connection is closed")
        }
        guard channel.isWritable else {
            throw WebSocketError(code: .congested, message: "the peer does not read what is sent to it")
        }
        channel.writeAndFlush(
            WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: payload),
            promise: nil
        )
    }

    /// Says goodbye with the code and closes the socket after the frame has left; `nextBatch` then ends.
    package func close(code: WebSocketCloseCode, reason: String = "") {
        guard channel.isActive else { return }
        var payload = ByteBuffer()
        payload.writeInteger(code.rawValue)
        payload.writeString(String(reason.prefix(100)))
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: .random(), data: payload)
        channel.writeAndFlush(frame).whenComplete { [channel] _ in
            channel.close(promise: nil)
        }
    }

    /// Closes, and waits until the socket is gone, at most as long as given.
    func closeAndWait(code: WebSocketCloseCode, within limit: Duration) async {
        close(code: code)
        // A peer that does not read must not hold us.
        let force = channel.eventLoop.scheduleTask(in: TimeAmount(limit)) { [channel] in
            channel.close(mode: .all, promise: nil)
        }
        try? await channel.closeFuture.get()
        force.cancel()
    }
}

/// An actor on the thread of a socket.
package actor SocketActor {
    private let thread: SocketLoop

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(_ loop: any EventLoop) {
        thread = SocketLoop(loop)
    }

    func run<Result: Sendable>(_ body: @Sendable (isolated SocketActor) async throws -> Result) async throws -> Result {
        // As the task's preferred executor too: a continuation would else end on the shared pool, which then wakes the
        // thread that has just had the message.
        try await withTaskExecutorPreference(thread) { try await body(self) }
    }
}

/// The thread of an event loop, for an actor and for the task that uses it.
private final class SocketLoop: SerialExecutor, TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute {
            job.runSynchronously(
                isolatedTo: self.asUnownedSerialExecutor(),
                taskExecutor: self.asUnownedTaskExecutor()
            )
        }
    }

    func checkIsolated() {
        loop.preconditionInEventLoop()
    }

    func isIsolatingCurrentContext() -> Bool? {
        loop.inEventLoop
    }
}
