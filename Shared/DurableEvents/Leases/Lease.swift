/// The right of one process to act for a resource, until it expires or another takes it over.
package struct Lease: Hashable, Sendable {
    package let resource: String
    /// `<service>/<instance>`: the same after a restart, so that a restarted process need not wait for its own lease.
    package let holder: String
    /// Grows with each taking; a process that was frozen and comes back writes with an old one, which is refused.
    package let epoch: Int64

    package init(resource: String, holder: String, epoch: Int64) {
        self.resource = resource
        self.holder = holder
        self.epoch = epoch
    }
}

/// The lease has gone to another process: stop, and write nothing more for that resource.
package struct LeaseLost: Error, CustomStringConvertible {
    package let resource: String

    package init(resource: String) {
        self.resource = resource
    }

    package var description: String { "the lease of \(resource) is held by another process" }
}
