import Logging

/// Our own libraries' lines, in the same log as the children's.
struct HubLogHandler: LogHandler {
    let hub: LogHub
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]

    init(hub: LogHub) {
        self.hub = hub
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var message = event.message.description
        for (key, value) in (event.metadata ?? [:]).sorted(by: { $0.key < $1.key }) { message += " \(key)=\(value)" }
        // What the supervisor's own clients meet is shown by the tables and notices; the file keeps the words.
        hub.say(message, level: .debug)
    }
}
