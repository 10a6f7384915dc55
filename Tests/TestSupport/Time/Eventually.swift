/// A condition that a test waited for did not come true in time.
package struct ConditionNotMet: Error, CustomStringConvertible {
    /// What was waited for.
    package let what: String
    /// How long.
    package let limit: Duration

    package init(what: String, limit: Duration) {
        self.what = what
        self.limit = limit
    }

    package var description: String { "not within \(limit): \(what)" }
}

/// Waits until a condition holds, looking every few milliseconds, and fails when it does not by the deadline.
///
/// For real processes, sockets and databases, whose progress no manual clock moves. The limit is long because it is no
/// measure of speed: it only ends a test that would never pass, on a machine however busy.
package func eventually(
    _ what: String,
    within limit: Duration = .seconds(30),
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw ConditionNotMet(what: what, limit: limit) }
        try await Task.sleep(for: .milliseconds(5))
    }
}
