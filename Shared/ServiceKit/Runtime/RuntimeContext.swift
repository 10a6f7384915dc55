package import Hummingbird
package import Logging

/// What a process has before any of its own parts exist.
package struct RuntimeContext: Sendable {
    /// Which process this is.
    package let instance: ServiceInstance
    /// Its settings.
    package let settings: Settings
    /// Its log.
    package let logger: Logger
    /// Makes loggers with other labels.
    package let logs: Logs
    /// Its metrics.
    package let metrics: MetricsRegistry
    /// Its state.
    package let health: HealthRegistry
    /// Where its HTTP server listens, once it does.
    package let address: BoundAddress

    /// Reads what every process reads: `INSTANCE_ID`, `LOG_LEVEL`, `LOG_FORMAT`.
    package init(
        _ service: ServiceName,
        settings: Settings,
        sink: any LogSink = StandardErrorSink()
    ) throws(ConfigurationError) {
        let id = settings.string("INSTANCE_ID", default: "1")
        guard id.utf8.count <= 64, id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x22 }) else {
            throw ConfigurationError(key: "INSTANCE_ID", expected: "up to 64 letters and digits", found: "\"\(id)\"")
        }
        instance = ServiceInstance(service: service, id: id)
        self.settings = settings
        logs = try Logs(instance: instance, settings: settings, sink: sink)
        logger = logs.logger(service.rawValue)
        metrics = MetricsRegistry(instance: instance)
        health = HealthRegistry()
        address = BoundAddress()
        ProcessMetrics.register(in: metrics)
    }

    /// The server of a process that has no routes of its own.
    package func healthServer() throws(ConfigurationError) -> HTTPService<RouterResponder<BasicRequestContext>> {
        try httpServer(Router(context: BasicRequestContext.self))
    }

    /// A server with routes of the service's own; the health routes are added to them.
    package func httpServer<Context: InitializableFromSource<ApplicationRequestContextSource> & RequestContext>(
        _ router: Router<Context>
    ) throws(ConfigurationError) -> HTTPService<RouterResponder<Context>> {
        HealthRoutes(instance: instance, health: health, metrics: metrics).add(to: router)
        return HTTPService(
            responder: router.buildResponder(),
            host: settings.string("HTTP_HOST", default: "127.0.0.1"),
            port: try settings.port(of: instance),
            variable: instance.service.portVariable,
            address: address,
            logger: logger
        )
    }
}
