/// What a service does with the events that it must not miss.
///
/// It is asked in two steps, so that the many events that mean nothing cost no transaction: `examine` decides, and
/// `perform` writes what was decided, together with the position.
package protocol DurableHandler: Sendable {
    associatedtype Work: Sendable

    /// Decides whether an event needs anything done; nil = no. It may read, but must not write: it can be asked again.
    ///
    /// It runs on the thread on which events arrive, and whatever else the process receives waits for it: work beyond some
    /// ten microseconds belongs into a `@concurrent` function, called inside
    /// `withTaskExecutorPreference(globalConcurrentExecutor)`, since the task prefers this thread.
    func examine(_ event: DurableEvent) async throws -> Work?

    /// Writes rows and effects for what was decided. The position is saved in the same transaction; when it does not
    /// commit, the same events come again.
    func perform(_ work: [Work], in transaction: DurableTransaction) async throws
}
