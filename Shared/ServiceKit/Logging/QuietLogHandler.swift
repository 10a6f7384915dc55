import Logging

/// Passes a library's lines on one step lower: what is news to the library (`server started`) is none to an operator.
struct QuietLogHandler: LogHandler {
    private var inner: Logger

    init(_ logger: Logger) {
        inner = logger
    }

    var logLevel: Logger.Level {
        get { inner.logLevel }
        set { inner.logLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { inner.handler.metadata }
        set { inner.handler.metadata = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        let level: Logger.Level = event.level <= .notice ? .debug : event.level
        inner.log(level: level, event.message, metadata: event.metadata)
    }
}
