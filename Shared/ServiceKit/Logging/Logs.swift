package import Logging

/// How a process logs: format and level, read from `LOG_FORMAT`, `LOG_LEVEL`, `NO_COLOR` and `FORCE_COLOR`.
package struct Logs: Sendable {
    /// The two shapes of a line.
    package enum Format: String, CaseIterable, Sendable {
        case json
        case console
    }

    private let instance: ServiceInstance
    private let format: Format
    private let level: Logger.Level
    private let colour: Bool
    private let sink: any LogSink
    /// Set when the process is told to stop; from then on what is merely cancelled is no cause for alarm.
    package let stop = StopFlag()

    /// Reads the settings. Without `LOG_FORMAT`, a terminal gets the console format and anything else JSON.
    package init(
        instance: ServiceInstance,
        settings: Settings,
        sink: any LogSink = StandardErrorSink()
    ) throws(ConfigurationError) {
        let terminal = StandardErrorSink.isTerminal
        self.instance = instance
        self.sink = sink
        format = try settings.choice("LOG_FORMAT", default: terminal ? Format.console : .json)
        let name = settings.string("LOG_LEVEL", default: "info").lowercased()
        guard let level = Logger.Level(rawValue: name == "warn" ? "warning" : name) else {
            throw ConfigurationError(
                key: "LOG_LEVEL",
                expected: "one of trace, debug, info, notice, warning, error, critical",
                found: "\"\(name)\""
            )
        }
        self.level = level
        colour = settings.has("FORCE_COLOR") || (terminal && !settings.has("NO_COLOR"))
    }

    /// A logger with a name of its own; the service's main one has the service's name.
    package func logger(_ label: String) -> Logger {
        Logger(label: label) { label in handler(label) }
    }

    /// Makes loggers that libraries create for themselves write the same way. Once a process.
    package func bootstrap() {
        LoggingSystem.bootstrap { label in handler(label) }
    }

    private func handler(_ label: String) -> any LogHandler {
        switch format {
        case .json:
            StopLogHandler(JSONLogHandler(label: label, instance: instance, level: level, sink: sink), stop: stop)
        case .console:
            StopLogHandler(
                ConsoleLogHandler(label: label, instance: instance, level: level, sink: sink, colour: colour),
                stop: stop
            )
        }
    }
}
