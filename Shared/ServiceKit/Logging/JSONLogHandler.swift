package import Logging

/// Writes one JSON object a line: `time`, `level`, `service`, `instance`, `logger`, `trace_id`, `message`, then metadata.
package struct JSONLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let instance: ServiceInstance
    private let sink: any LogSink

    /// Makes a handler for the logger `label`.
    package init(label: String, instance: ServiceInstance, level: Logger.Level, sink: any LogSink) {
        self.label = label
        self.instance = instance
        self.logLevel = level
        self.sink = sink
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        line.append(UInt8(ascii: "{"))
        Self.append("time", LogTime.rfc3339(), to: &line, first: true)
        Self.append("level", event.level.rawValue, to: &line)
        Self.append(LogKey.service, instance.service.rawValue, to: &line)
        Self.append(LogKey.instance, instance.id, to: &line)
        Self.append("logger", label, to: &line)
        if let trace = Trace.current { Self.append(LogKey.trace, trace, to: &line) }
        Self.append("message", event.message.description, to: &line)
        if let error = event.error { Self.append(LogKey.error, String(describing: error), to: &line) }
        for (key, value) in LogMetadata.merged(metadata, metadataProvider?.get(), event.metadata) {
            Self.append(LogMetadata.reserved.contains(key) ? "meta_\(key)" : key, value.description, to: &line)
        }
        line.append(contentsOf: [UInt8(ascii: "}"), UInt8(ascii: "\n")])
        sink.write(line)
    }

    private static func append(_ key: String, _ value: String, to line: inout [UInt8], first: Bool = false) {
        if !first { line.append(UInt8(ascii: ",")) }
        JSONText.append(key, to: &line)
        line.append(UInt8(ascii: ":"))
        JSONText.append(value, to: &line)
    }
}

/// Metadata of a line from its three sources; the nearest to the call wins.
enum LogMetadata {
    /// Keys that the handlers write themselves.
    static let reserved: Set<String> = [
        "time", "level", LogKey.service, LogKey.instance, "logger", LogKey.trace, "message",
    ]

    static func merged(
        _ base: Logger.Metadata,
        _ provided: Logger.Metadata?,
        _ event: Logger.Metadata?
    ) -> [(String, Logger.MetadataValue)] {
        var all = base
        if let provided { all.merge(provided) { _, new in new } }
        if let event { all.merge(event) { _, new in new } }
        return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
