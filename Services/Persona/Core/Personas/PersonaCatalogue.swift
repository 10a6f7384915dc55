package import DiscordModel
import FoundationEssentials
package import Logging
package import ServiceKit
import ServiceLifecycle
import Synchronization

/// The personalities in force; follows changes of their files without a restart.
///
/// A file with a mistake is refused as a whole, with one line in the log that says where: the personalities that were in
/// force stay.
package final class PersonaCatalogue: Service, Sendable {
    private let folder: String
    private let settings: Settings
    private let logger: Logger
    private let state: Mutex<State>
    /// How often the files are looked at: a handful of `stat` calls.
    private let interval: Duration = .seconds(2)

    private struct State: Sendable {
        var personas: [BotID: Persona]
        var signature: Signature
    }

    /// Size and time of change of each file; enough to notice that a file was saved.
    private struct Signature: Sendable, Hashable {
        var files: [String: [String]] = [:]
    }

    /// Reads all personalities.
    ///
    /// - Throws: `ConfigurationError`: at the start a mistake is fatal, there is nothing that could stay in force.
    package init(folder: String, settings: Settings, logger: Logger) throws(ConfigurationError) {
        self.folder = folder
        self.settings = settings
        self.logger = logger
        let signature = Self.signature(folder: folder, settings: settings)
        let personas = try PersonaFile.loadAll(folder: folder, settings: settings)
        state = Mutex(State(personas: personas, signature: signature))
    }

    /// The personality of a bot; a plain one for a bot without.
    package func persona(of bot: BotID) -> Persona {
        state.withLock { $0.personas[bot] } ?? .plain(bot)
    }

    /// Looks at the files until the service stops.
    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: self.interval)
                self.refresh()
            }
        }
    }

    /// Takes over changed files. What happened comes back, for tests and for whoever asked.
    @discardableResult
    package func refresh() -> RefreshResult {
        let signature = Self.signature(folder: folder, settings: settings)
        // Also noted when the files turn out to be wrong: the complaint comes once, not every two seconds.
        let isNew = state.withLock { state in
            defer { state.signature = signature }
            return state.signature != signature
        }
        guard isNew else { return .unchanged }
        do {
            let personas = try PersonaFile.loadAll(folder: folder, settings: settings)
            let changed = state.withLock { state in
                defer { state.personas = personas }
                return state.personas != personas
            }
            if changed {
                logger.info("Personalities were read again", metadata: ["bots": "\(personas.count)"])
            }
            return changed ? .replaced : .unchanged
        } catch {
            logger.error("A personality's file has a mistake; the old ones stay", metadata: ["cause": "\(error)"])
            return .refused(error)
        }
    }

    private static func signature(folder: String, settings: Settings) -> Signature {
        var signature = Signature()
        for path in PersonaFile.paths(folder: folder, settings: settings) {
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            signature.files[path] = [
                attributes?[.size].map { "\($0)" } ?? "none",
                (attributes?[.modificationDate] as? Date).map { "\($0.timeIntervalSince1970)" } ?? "never",
            ]
        }
        return signature
    }
}

/// What looking at the personalities' files brought.
package enum RefreshResult: Sendable, Hashable {
    case unchanged
    case replaced
    case refused(ConfigurationError)
}
