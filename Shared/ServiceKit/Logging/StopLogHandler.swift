import Logging
import Synchronization

/// Whether the process has been told to stop.
package final class StopFlag: Sendable {
    private let flag = Atomic(false)

    /// Makes a flag for a process that runs.
    package init() {}

    /// Whether a stop has begun.
    package var isSet: Bool { flag.load(ordering: .relaxed) }

    /// A stop begins.
    package func set() { flag.store(true, ordering: .relaxed) }
}

/// Keeps an orderly stop quiet: what a cancelled task complains of then is that it was cancelled, which is no news to an
/// operator. Such lines count as debug; all others pass.
struct StopLogHandler<Inner: LogHandler>: LogHandler {
    private var inner: Inner
    private let stop: StopFlag

    init(_ inner: Inner, stop: StopFlag) {
        self.inner = inner
        self.stop = stop
    }

    var logLevel: Logger.Level {
        get { inner.logLevel }
        set { inner.logLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { inner.metadataProvider }
        set { inner.metadataProvider = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        var event = event
        if event.level >= .warning, stop.isSet, Task.isCancelled {
            guard inner.logLevel <= .debug else { return }
            event.level = .debug
        }
        inner.log(event: event)
    }
}
