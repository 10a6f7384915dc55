import Crypto
import Postgres
import ServiceKit
package import Store
import Synchronization

/// Tells who a key belongs to. Answers are kept for some seconds, so that a page that asks often does not ask the
/// database each time; a revoked key works no longer than that. While the database is away, where nobody can revoke a key
/// either, those that this process has let in before go on working, so that an operator can see what is wrong.
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
    /// The keys that were found when they were last looked up.
    private let known = Mutex<[SHA256.Digest: APIKey]>([:])
    private let lifetime: Duration
    private let find: @Sendable (String) async throws -> APIKey?
    private let isAway: @Sendable () -> Bool

    /// - Parameters:
    ///   - lifetime: how long an answer holds.
    ///   - find: looks a key up where keys are kept.
    ///   - isAway: whether that can be known to fail.
    package init(
        lifetime: Duration = KeyChecker.lifetime,
        find: @escaping @Sendable (String) async throws -> APIKey?,
        isAway: @escaping @Sendable () -> Bool = { false }
    ) {
        self.lifetime = lifetime
        self.find = find
        self.isAway = isAway
    }

    /// The key that a text is; nil when it is none.
    package func check(_ text: String) async throws -> APIKey? {
        let digest = SHA256.hash(data: Array(text.utf8))
        let now = ContinuousClock.now
        if let answer = answers.withLock({ $0[digest] }), now - answer.at < lifetime { return answer.key }
        let before = known.withLock { $0[digest] }
        if let before, isAway() { return before }
        let key: APIKey?
        do {
            key = try await find(text)
        } catch let error as PostgresError where error.isUnreachable {
            guard let before else { throw error }
            return before
        }
        known.withLock { $0[digest] = key }
        answers.withLock { answers in
            if answers.count >= Self.capacity { answers.removeAll() }
            answers[digest] = Answer(key: key, at: now)
        }
        return key
    }
}
