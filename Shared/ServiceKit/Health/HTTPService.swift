package import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// The HTTP server of a process: its own routes beside `/health`, `/ready` and `/metrics`.
///
/// It listens on loopback unless `HTTP_HOST` says otherwise. A port that is taken is a mistake in the configuration and
/// ends the process with one line.
package struct HTTPService<Responder: HTTPResponder>: Service
where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
    private let responder: Responder
    private let host: String
    private let port: Int
    private let variable: String
    private let address: BoundAddress
    private let logger: Logger

    /// Makes a server for a finished responder (`router.buildResponder()`).
    ///
    /// - Parameters:
    ///   - port: 0 takes any free one; ``BoundAddress`` then tells which.
    ///   - variable: the setting that a complaint about the port names.
    package init(
        responder: Responder,
        host: String,
        port: Int,
        variable: String,
        address: BoundAddress,
        logger: Logger
    ) {
        self.responder = responder
        self.host = host
        self.port = port
        self.variable = variable
        self.address = address
        self.logger = logger
    }

    package func run() async throws {
        let application = Application(
            responder: responder,
            configuration: .init(address: .hostname(host, port: port), serverName: nil),
            onServerRunning: { [address] channel in address.set(channel.localAddress?.port ?? 0) },
            logger: Logger(label: logger.label, factory: { _ in QuietLogHandler(logger) })
        )
        do {
            try await application.run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ConfigurationError(key: variable, expected: "a free port", found: "\(port), which is in use")
        }
    }
}

/// The port that a server got, once it listens.
package final class BoundAddress: Sendable {
    private let port = Mutex<Int?>(nil)
    private let onListening: @Sendable (Int) -> Void

    /// Makes an address that is not known yet.
    ///
    /// - Parameter onListening: is told the port when it is.
    package init(onListening: @escaping @Sendable (Int) -> Void = { _ in }) {
        self.onListening = onListening
    }

    /// The port, or nil before the server listens.
    package var current: Int? {
        port.withLock { $0 }
    }

    func set(_ value: Int) {
        port.withLock { $0 = value }
        onListening(value)
    }
}
