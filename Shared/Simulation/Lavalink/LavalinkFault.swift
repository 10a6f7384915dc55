/// A way in which the local node fails on purpose.
package enum LavalinkFault: Sendable, Equatable {
    /// The node is dead for that long: sockets drop without a close frame, requests get 503.
    case dead(Duration)
    /// All sockets drop without a close frame; sessions that resume wait.
    case dropSockets
    /// All sockets close with 1001, as when a node stops.
    case closeSockets
    /// What plays is stuck from now on; of one bot, or of all.
    case stuck(bot: UInt64?)
    /// What plays fails now, with an exception.
    case exception(bot: UInt64?)
    /// The voice connections close with that code.
    case voiceClosed(code: Int64, bot: UInt64?)
    /// The next loads fail.
    case loadErrors(count: Int)
    /// The next requests get 500.
    case serverErrors(count: Int)
    /// Requests wait that long for that long: nothing else changes.
    case slow(delay: Duration, count: Int)
}
