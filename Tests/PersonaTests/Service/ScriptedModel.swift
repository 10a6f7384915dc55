import Synchronization

@testable import LLM

/// A model that answers as scripted, and remembers what it was asked.
final class ScriptedModel: LanguageModel {
    /// What one call does.
    enum Script: Sendable {
        /// Says the pieces and ends.
        case say([String])
        /// Says the pieces and fails.
        case fail([String], LanguageModelError)
        /// Says the pieces and then nothing more until the caller gives up.
        case hang([String])
        /// Says the pieces; the rest when `open` is called.
        case pause([String], then: [String])
        /// Ends for another reason than having said everything.
        case stop([String], FinishReason)
    }

    let name = "scripted/model"
    private let scripts: Mutex<[Script]>
    private let asked = Mutex<[ChatRequest]>([])
    private let gate = Mutex(false)

    /// Calls beyond the scripts do as the last one says.
    init(_ scripts: Script...) {
        self.scripts = Mutex(scripts)
    }

    var requests: [ChatRequest] { asked.withLock { $0 } }

    func open() { gate.withLock { $0 = true } }

    func withAnswer<Result: Sendable>(
        to request: ChatRequest,
        _ body: (ChatStream) async throws -> Result
    ) async throws -> Result {
        asked.withLock { $0.append(request) }
        let script = scripts.withLock { scripts in
            scripts.count > 1 ? scripts.removeFirst() : scripts.first ?? .say(["ok"])
        }
        let end = ChatEvent.finished(ChatSummary(reason: .stop, usage: TokenUsage(input: 3, output: 5)))
        switch script {
        case .say(let pieces):
            return try await body(ChatStream(pieces.map(ChatEvent.text) + [end]))
        case .fail(let pieces, let error):
            return try await body(ChatStream(pieces.map(ChatEvent.text), thenThrowing: error))
        case .stop(let pieces, let reason):
            return try await body(ChatStream(pieces.map(ChatEvent.text) + [.finished(ChatSummary(reason: reason))]))
        case .hang(let pieces):
            return try await live(body) { send in
                for piece in pieces { send(.text(piece)) }
                while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(10)) }
            }
        case .pause(let pieces, let rest):
            return try await live(body) { send in
                for piece in pieces { send(.text(piece)) }
                while !Task.isCancelled, !self.gate.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(5)) }
                for piece in rest { send(.text(piece)) }
                send(end)
            }
        }
    }

    /// A stream whose events come while it is read.
    private func live<Result: Sendable>(
        _ body: (ChatStream) async throws -> Result,
        _ produce: @escaping @Sendable (_ send: @Sendable (ChatEvent) -> Void) async -> Void
    ) async throws -> Result {
        let (events, continuation) = AsyncStream.makeStream(of: Swift.Result<ChatEvent, LanguageModelError>.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await produce { continuation.yield(.success($0)) }
                continuation.finish()
            }
            defer { group.cancelAll() }
            return try await body(ChatStream(events))
        }
    }
}
