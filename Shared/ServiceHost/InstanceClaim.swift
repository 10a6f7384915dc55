import Store

/// Finds out whether another process runs as the same instance of the same service. Pure.
///
/// Leases are held by the instance, so that a restarted process goes on with its own: two processes of one name would work
/// at the same things. The registry shows it: whoever finds its row overwritten is not alone. The one that came later
/// gives way, which is the one that has seen the other in the row before its own first entry.
struct InstanceClaim {
    enum Verdict: Equatable {
        case alone
        /// Another one has come, and will give way.
        case joined(InstanceRun)
        /// Another one was there before.
        case taken(InstanceRun)
    }

    private let own: String
    private var predecessor: String?
    private var hasEntry = false

    /// - Parameter own: the name of this process's run, unlike any other's.
    init(own: String) {
        self.own = own
    }

    /// The row has been written.
    ///
    /// - Parameter before: whose it was until then.
    mutating func entered(over before: InstanceRun?) -> Verdict {
        defer { hasEntry = true }
        guard let before, before.run != own else { return .alone }
        guard hasEntry else {
            // Most likely an earlier process of this instance, and dead.
            predecessor = before.run
            return .alone
        }
        return before.run == predecessor ? .taken(before) : .joined(before)
    }
}
