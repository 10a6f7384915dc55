/// The metadata keys that mean the same in every service, so that one search finds a thing in all logs.
package enum LogKey {
    /// One of our bots, by its slug.
    package static let bot = "bot"
    /// A gateway shard.
    package static let shard = "shard"
    /// A Discord guild.
    package static let guild = "guild"
    /// A Discord channel.
    package static let channel = "channel"
    /// A Discord user.
    package static let user = "user"
    /// A Discord message.
    package static let message = "message"
    /// The trace that a line belongs to; set by the handlers from ``Trace``.
    package static let trace = "trace_id"
    /// The service whose line it is; set by the handlers.
    package static let service = "service"
    /// The instance whose line it is; set by the handlers.
    package static let instance = "instance"
    /// Why something failed.
    package static let error = "error"
    /// A length of time in milliseconds.
    package static let milliseconds = "ms"
    /// How many.
    package static let count = "count"
    /// A part of a process or another process.
    package static let component = "component"
}

/// The trace of the work that the current task does; log lines carry it.
package enum Trace {
    /// The trace id in 32 hexadecimal digits, or nil outside any trace.
    @TaskLocal package static var current: String?
}
