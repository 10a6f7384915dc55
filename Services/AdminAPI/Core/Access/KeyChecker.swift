import Crypto
import ServiceKit
package import Store
import Synchronization

/// Tells who a key belongs to. Answers are kept for some seconds, so that a page that asks often does not ask the
/// database each time; a revoked key works no longer than that.
package final class KeyChecker: Sendable {
    /// How long an answer holds.
    package static let lifetime = Duration.seconds(5)
    /// Answers kept at most; wrong keys could otherwise fill the memory.
    private static let capacity = 1000

    private struct Answer {
        let key: APIKey?
        let at: ContinuousClock.Instant
    }

    private let answers = Mutex<[SHA256.Digest: Answer]>([:])
    private let find: @Sendable (String) async throws -> APIKey?

    /// - Parameter find: looks a key up where keys are kept.
    package init(find: @escaping @Sendable (String) async throws -> APIKey?) {
        self.find = find
    }

    /// The key that a text is; nil when it is none.
    package func check(_ text: String) async throws -> APIKey? {
        let digest = SHA256.hash(data: Array(text.utf8))
        let now = ContinuousClock.now
        if let answer = answers.withLock({ $0[digest] }), now - answer.at < Self.lifetime { return answer.key }
        let key = try await find(text)
        answers.withLock { answers in
            if answers.count >= Self.capacity { answers.removeAll() }
            answers[digest] = Answer(key: key, at: now)
        }
        return key
    }
}
