internal import NIOCore
import Synchronization

/// Where a channel leaves messages for the one task that reads them.
///
/// The reader gets all that has gathered at once. When much has gathered the channel stops reading its socket, and reads
/// on when the reader has taken it: TCP then holds the peer back.
final class InboundMailbox: Sendable {
    /// From here on the socket is not read.
    private static let fullBytes = 512 * 1024
    private static let fullMessages = 4096

    private struct State {
        var messages: [WebSocketMessage] = []
        var bytes = 0
        var end: Result<Void, WebSocketError>?
        var reader: CheckedContinuation<[WebSocketMessage]?, any Error>?
        var isFull = false
    }

    private let state = Mutex(State())

    /// Adds a batch; false asks the channel to stop reading until `resume` is called.
    func add(_ batch: [WebSocketMessage]) -> Bool {
        guard !batch.isEmpty else { return true }
        let (reader, isFull) = state.withLock { state -> (CheckedContinuation<[WebSocketMessage]?, any Error>?, Bool) in
            guard state.end == nil else { return (nil, false) }
            if let reader = state.reader {
                state.reader = nil
                return (reader, false)
            }
            state.messages.append(contentsOf: batch)
            state.bytes += batch.reduce(0) { $0 + $1.payload.readableBytes }
            state.isFull = state.bytes >= Self.fullBytes || state.messages.count >= Self.fullMessages
            return (nil, state.isFull)
        }
        reader?.resume(returning: batch)
        return !isFull
    }

    /// Nothing more will come. The first end counts.
    func finish(_ end: Result<Void, WebSocketError>) {
        let reader = state.withLock { state -> CheckedContinuation<[WebSocketMessage]?, any Error>? in
            guard state.end == nil else { return nil }
            state.end = end
            defer { state.reader = nil }
            return state.reader
        }
        switch end {
        case .success: reader?.resume(returning: nil)
        case .failure(let error): reader?.resume(throwing: error)
        }
    }

    /// Everything that has come since the last call, waiting for at least one message; nil after the end.
    ///
    /// It stays on the reader's actor: the closure below would leave it if it did not capture it.
    ///
    /// - Parameter resume: called when the channel may read again.
    /// - Throws: `WebSocketError` if the peer broke the protocol, `CancellationError`.
    func next(
        isolation actor: isolated (any Actor)? = #isolation,
        resume: () -> Void
    ) async throws -> [WebSocketMessage]? {
        let (batch, wasFull) = state.withLock { state -> ([WebSocketMessage]?, Bool) in
            guard !state.messages.isEmpty else { return (nil, false) }
            defer {
                state.messages = []
                state.bytes = 0
                state.isFull = false
            }
            return (state.messages, state.isFull)
        }
        if wasFull { resume() }
        if let batch { return batch }
        return try await withTaskCancellationHandler {
            _ = actor
            return try await withCheckedThrowingContinuation { continuation in
                let immediate = state.withLock { state -> Result<[WebSocketMessage]?, any Error>? in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if !state.messages.isEmpty {
                        defer {
                            state.messages = []
                            state.bytes = 0
                        }
                        return .success(state.messages)
                    }
                    switch state.end {
                    case .success: return .success(nil)
                    case .failure(let error): return .failure(error)
                    case nil: break
                    }
                    state.reader = continuation
                    return nil
                }
                if let immediate { continuation.resume(with: immediate) }
            }
        } onCancel: {
            let reader = state.withLock { state -> CheckedContinuation<[WebSocketMessage]?, any Error>? in
                defer { state.reader = nil }
                return state.reader
            }
            reader?.resume(throwing: CancellationError())
        }
    }
}
