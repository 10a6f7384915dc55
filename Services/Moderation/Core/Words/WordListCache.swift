import DiscordModel
import Logging
import Postgres
import ServiceKit
import ServiceLifecycle
import Store
import Synchronization

/// Each guild's matcher, kept until the database says that lists have changed.
final class WordListCache: Service {
    /// Guilds beyond this are read again when they speak.
    private static let bound = 10_000

    private let database: PostgresClient
    private let fallback: WordMatcher
    private let logger: Logger
    private let matchers = Mutex<[GuildID: WordMatcher]>([:])

    init(database: PostgresClient, defaultWords: [String], logger: Logger) {
        self.database = database
        self.logger = logger
        fallback = WordMatcher(words: defaultWords)
    }

    /// The list of guilds that have none of their own.
    var defaultWords: [String] { fallback.words }

    /// The matcher of a guild's list: its own, or the default one.
    func matcher(for guild: GuildID) async throws -> WordMatcher {
        if let known = matchers.withLock({ $0[guild] }) { return known }
        // A long list takes milliseconds, and events wait for whoever looks at the first message.
        let matcher = try await withTaskExecutorPreference(globalConcurrentExecutor) { try await read(guild) }
        matchers.withLock { matchers in
            if matchers.count >= Self.bound { matchers.removeAll() }
            matchers[guild] = matcher
        }
        return matcher
    }

    @concurrent
    private func read(_ guild: GuildID) async throws -> WordMatcher {
        try await WordLists(database).words(of: guild).map { WordMatcher(words: $0) } ?? fallback
    }

    /// Forgets a guild's list, so that the next message sees a change that this process has made itself.
    func forget(_ guild: GuildID) {
        matchers.withLock { $0[guild] = nil }
    }

    /// Forgets everything whenever a list has changed, and after each reconnect, for a change may have been missed.
    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var backoff = Backoff(base: .milliseconds(100), cap: .seconds(5))
            while true {
                do {
                    try await self.database.withNotifications(on: ["config_changed"]) { notifications in
                        for try await _ in notifications {
                            self.matchers.withLock { $0.removeAll() }
                        }
                    }
                } catch let error as PostgresError {
                    self.logger.warning("word lists are not watched", metadata: ["error": "\(error)"])
                }
                try await Task.sleep(for: backoff.next())
            }
        }
    }
}
