/// One running process of a service.
package struct ServiceInstance: Hashable, Sendable {
    /// What runs.
    package let service: ServiceName
    /// Which of several: `INSTANCE_ID`, "1" when nothing is set.
    package let id: String

    /// Names one process of a service.
    package init(service: ServiceName, id: String = "1") {
        self.service = service
        self.id = id
    }

    /// Whether this is the instance that owns the service's default port; the others take any free one.
    package var isFirst: Bool { id == "1" }
}

extension ServiceInstance: CustomStringConvertible {
    /// `gateway-1`: names the holder of a lease and the sender of a request.
    package var description: String { "\(service.rawValue)-\(id)" }
}
