package import BusContract

/// A process of a service that has told lately that it runs.
package struct LiveInstance: Hashable, Sendable {
    package var service: ServiceRole
    /// Its `INSTANCE_ID`.
    package var id: String
    package var profile: InstanceProfile
    /// What it is working at, over what it can work at: 1 is full.
    package var load: Double
    /// Whether all of its parts can do their work.
    package var isReady: Bool

    package init(
        service: ServiceRole,
        id: String,
        profile: InstanceProfile = InstanceProfile(),
        load: Double = 0,
        isReady: Bool = true
    ) {
        self.service = service
        self.id = id
        self.profile = profile
        self.load = load
        self.isReady = isReady
    }

    /// Its load in tenths: what differs by less is the same.
    var tenths: Int { load.isFinite ? Int(min(max(load, 0), 1_000) * 10) : 0 }

    /// Whether it has no room for more.
    package var isFull: Bool { load >= 1 }
}
