import Logging
package import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
import Glibc
#endif

/// ServiceKit: what every process of the platform is built on, from its first line to its last.
///
/// Settings and configuration files (`Configuration/`), log lines (`Logging/`), metrics (`Metrics/`), the health server
/// (`Health/`), and this folder: start, signals, stop, waiting. It owns no state but the process's own registries and
/// knows neither the bus nor the database; those join in `ServiceHost`. A new kind of setting is a method of
/// ``Settings``; a new instrument a class beside ``Counter``.
package enum ServiceRuntime {
    /// How a process ends.
    package enum ExitCode {
        /// Stopped as asked.
        package static let success: Int32 = 0
        /// A part failed while running (`EX_SOFTWARE`).
        package static let failure: Int32 = 70
        /// A setting or a file is wrong (`EX_CONFIG`): starting again will not help.
        package static let configuration: Int32 = 78
    }

    /// Runs a process until SIGTERM, SIGINT or a failure, then exits.
    ///
    /// `body` makes the parts; they start in order and stop in the opposite one. After a signal they have 10 s, then the
    /// process is ended by force. A ``ConfigurationError`` prints one line and exits with 78.
    @concurrent
    package static func main(
        _ service: ServiceName,
        settings: Settings = .process,
        _ body: @Sendable (RuntimeContext) async throws -> [any Service]
    ) async -> Never {
        HeapMemory.keepSome()
        signal(SIGPIPE, SIG_IGN)
        do {
            let context = try RuntimeContext(service, settings: settings)
            context.logs.bootstrap()
            do {
                try await run(context, services: try await body(context))
            } catch let error as ConfigurationError {
                throw error
            } catch is CancellationError {
                // Parts that did not stop by themselves in time were cancelled, as said below.
                context.logger.info("stopped")
            } catch {
                context.logger.critical("stopped by a failure", metadata: [LogKey.error: "\(error)"])
                end(ExitCode.failure)
            }
            end(ExitCode.success)
        } catch {
            StandardErrorSink().write(Array("\(service): \(error)\n".utf8))
            end(ExitCode.configuration)
        }
    }

    /// Ends the process without the handlers of `exit`: they would take libraries apart (OpenSSL frees its tables) under
    /// the threads of NIO and libpq that still run.
    private static func end(_ code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }

    private static func run(_ context: RuntimeContext, services: [any Service]) async throws {
        context.logger.info("starting", metadata: ["pid": "\(getpid())"])
        let parts = (services + [StartupMemory(), StopWatchdog(stop: context.logs.stop)]).map {
            Part($0, logger: context.logger)
        }
        var configuration = ServiceGroupConfiguration(
            services: parts.map { .init(service: $0, serviceName: $0.name) },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: context.logger.label, factory: { _ in QuietLogHandler(context.logger) })
        )
        configuration.maximumGracefulShutdownDuration = .seconds(8)
        try await ServiceGroup(configuration: configuration).run()
        context.logger.info("stopped")
    }
}
