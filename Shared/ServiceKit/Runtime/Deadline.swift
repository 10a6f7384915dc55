/// An operation took longer than it was allowed to.
package struct DeadlineExceeded: Error, Sendable, CustomStringConvertible {
    /// What was allowed.
    package let limit: Duration

    package var description: String { "no result within \(limit.milliseconds) ms" }
}

/// Runs an operation and cancels it when the time is up.
///
/// The operation must react to cancellation; the call returns when it has ended, so nothing outlives it.
/// - Throws: ``DeadlineExceeded``, or what the operation throws before its time is up.
package func withDeadline<Result: Sendable, C: Clock<Duration>>(
    _ limit: Duration,
    clock: C = ContinuousClock(),
    operation: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await clock.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let result = first else { throw DeadlineExceeded(limit: limit) }
        return result
    }
}

/// Runs an operation with a deadline, to its end also when the caller is cancelled: for what has to be said on the way out.
///
/// The call returns when the operation has ended, so nothing outlives it.
/// - Throws: ``DeadlineExceeded``, or what the operation throws before its time is up.
package func withFarewell<Result: Sendable>(
    _ limit: Duration,
    operation: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    // A task of its own does not inherit our cancellation. It is awaited here, and has its deadline.
    try await Task { try await withDeadline(limit, operation: operation) }.value
}
