import Logging
import ServiceLifecycle

/// One part of a process, as its group sees it.
///
/// A part that was told to stop may end by an error: mostly that its own wait was cancelled. That is no failure. Passed
/// on, it would make the group cancel all other parts in the middle of their own orderly stops.
struct Part: Service {
    private let service: any Service
    private let logger: Logger

    init(_ service: any Service, logger: Logger) {
        self.service = service
        self.logger = logger
    }

    /// For the log of the group.
    var name: String { "\(type(of: service))" }

    func run() async throws {
        do {
            try await service.run()
        } catch {
            guard Task.isShuttingDownGracefully else { throw error }
            logger.debug("a part has ended", metadata: ["part": "\(name)", LogKey.error: "\(error)"])
        }
    }
}
