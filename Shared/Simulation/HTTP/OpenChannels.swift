package import NIOCore
import Synchronization

/// The sockets of a running server, so that stopping it can close them all.
///
/// A server is never stopped by cancelling it: Hummingbird would then drop the connections that are being accepted at
/// that moment, and NIO ends the process for each one that is dropped unused (`NIOAsyncWriter` without `finish`). With
/// its sockets closed it runs out by itself.
package final class OpenChannels: Sendable {
    private struct State {
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: any Channel] = [:]
        var handlers: [Int: Task<Void, Never>] = [:]
        var lastHandler = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    package init() {}

    /// Whether the server is stopping.
    package var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Takes the socket that listens; after the end it is closed at once.
    package func listens(_ channel: any Channel) {
        let isClosed = state.withLock { state in
            state.listener = channel
            return state.isClosed
        }
        if isClosed { channel.close(promise: nil) }
    }

    /// Takes a connection for as long as it lives; after the end it is closed at once.
    package func opened(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        let isClosed = state.withLock { state in
            if !state.isClosed { state.connections[id] = channel }
            return state.isClosed
        }
        if isClosed { return channel.close(promise: nil) }
        channel.closeFuture.whenComplete { [weak self] _ in
            _ = self?.state.withLock { $0.connections.removeValue(forKey: id) }
        }
    }

    /// Handles a connection; the end cancels it. One that outlives its connection is let be: what a client has asked for
    /// is done, also when the client has gone.
    func handle(_ body: @escaping @Sendable () async -> Void) async {
        let handler = Task { await body() }
        let (number, isClosed) = state.withLock { state in
            state.lastHandler += 1
            state.handlers[state.lastHandler] = handler
            return (state.lastHandler, state.isClosed)
        }
        if isClosed { handler.cancel() }
        await handler.value
        state.withLock { $0.handlers[number] = nil }
    }

    /// Closes everything that is open, and what is still being opened as soon as it is.
    package func close() {
        let (listener, connections, handlers) = state.withLock { state in
            state.isClosed = true
            defer { state.connections = [:] }
            return (state.listener, state.connections, state.handlers)
        }
        for handler in handlers.values { handler.cancel() }
        // Connections first: one that the listener is still handing over must be closed before it becomes active.
        for connection in connections.values { connection.close(promise: nil) }
        listener?.close(promise: nil)
    }
}
