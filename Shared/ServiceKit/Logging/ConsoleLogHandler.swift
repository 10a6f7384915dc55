package import Logging

/// Writes lines for a person: time, level, service, message, metadata; in colour when asked.
package struct ConsoleLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let instance: ServiceInstance
    private let sink: any LogSink
    private let colour: Bool

    /// Makes a handler for the logger `label`.
    package init(label: String, instance: ServiceInstance, level: Logger.Level, sink: any LogSink, colour: Bool) {
        self.label = label
        self.instance = instance
        self.logLevel = level
        self.sink = sink
        self.colour = colour
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = paint(.dim, LogTime.local()) + " "
        line += paint(Self.style(of: event.level), Self.name(of: event.level)) + " "
        line += paint(.service, "[\(instance)]")
        if label != instance.service.rawValue { line += paint(.dim, " \(label)") }
        line += " " + Self.oneLine(event.message.description)
        if let error = event.error { line += " " + Self.oneLine(String(describing: error)) }
        for (key, value) in LogMetadata.merged(metadata, metadataProvider?.get(), event.metadata) {
            line += " " + paint(.dim, "\(key)=") + Self.oneLine(value.description)
        }
        if let trace = Trace.current { line += " " + paint(.dim, "\(LogKey.trace)=\(trace)") }
        sink.write(Array((line + "\n").utf8))
    }

    /// Control characters would let a member's text write lines of its own or move a terminal's cursor.
    package static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) else {
            return text
        }
        var clean = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": clean += "⏎"
            case "\t": clean += " "
            default:
                if scalar.value >= 0x20, !(0x7F...0x9F).contains(scalar.value) {
                    clean.unicodeScalars.append(scalar)
                } else {
                    clean += "�"
                }
            }
        }
        return clean
    }

    private func paint(_ style: ANSIStyle, _ text: String) -> String {
        colour ? style.wrap(text) : text
    }

    private static func name(of level: Logger.Level) -> String {
        switch level {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info: "INFO "
        case .notice: "NOTE "
        case .warning: "WARN "
        case .error: "ERROR"
        case .critical: "FATAL"
        }
    }

    private static func style(of level: Logger.Level) -> ANSIStyle {
        switch level {
        case .trace, .debug: .dim
        case .info: .good
        case .notice: .service
        case .warning: .warning
        case .error, .critical: .bad
        }
    }
}

/// The few styles that we use at a terminal (ECMA-48, select graphic rendition).
package enum ANSIStyle: String, Sendable {
    case dim = "2"
    case bold = "1"
    case good = "32"
    case warning = "33"
    case bad = "1;31"
    case service = "36"

    /// The text in this style, with the default restored after it.
    package func wrap(_ text: String) -> String {
        "\u{1B}[\(rawValue)m\(text)\u{1B}[0m"
    }
}
