package import ServiceKit

/// One process that `up` looks after.
package enum Member: Hashable, Sendable, CustomStringConvertible {
    /// The local cluster's postmaster.
    case database
    case service(ServiceName)

    package var description: String {
        switch self {
        case .database: "postgres"
        case .service(let name): name.rawValue
        }
    }

    /// When it stops, relative to the others.
    package var tier: ServicePlan.Tier {
        switch self {
        case .database: .database
        case .service(let name): ServicePlan.all.first { $0.service == name }?.tier ?? .services
        }
    }
}

/// What is known of a member at this moment.
package enum MemberState: Equatable, Sendable {
    /// Not started yet.
    case idle
    /// Running, not ready; why, as its `/ready` says.
    case starting(detail: String?)
    /// Running and ready.
    case ready
    /// Ended; starts again at the given time (on the supervisor's clock, from its start).
    case waiting(until: Duration)
    /// Ended by a wrong configuration; starting it again would not help.
    case misconfigured
    /// Told to stop; killed when the time has come.
    case stopping(deadline: Duration)
    /// Ended as asked.
    case stopped
}
