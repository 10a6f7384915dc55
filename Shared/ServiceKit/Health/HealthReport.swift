/// The body of `/health` and `/ready`.
package struct HealthReport: Codable, Sendable, Equatable {
    /// One part of the process.
    package struct Component: Codable, Sendable, Equatable {
        package let ready: Bool
        package let detail: String?
    }

    /// `ok` when all components are ready, else `degraded`.
    package let status: String
    package let service: String
    package let instanceID: String
    /// Seconds since the process started.
    package let uptime: Double
    package let queueSizes: [String: Int]
    package let components: [String: Component]

    enum CodingKeys: String, CodingKey {
        case status, service, uptime, components
        case instanceID = "instance_id"
        case queueSizes = "queue_sizes"
    }
}

extension HealthRegistry {
    /// The state of the whole process now.
    package func report(for instance: ServiceInstance) -> HealthReport {
        HealthReport(
            status: isReady ? "ok" : "degraded",
            service: instance.service.rawValue,
            instanceID: instance.id,
            uptime: Double(uptime.milliseconds) / 1000,
            queueSizes: queueSizes,
            components: components.mapValues { .init(ready: $0.isReady, detail: $0.detail) }
        )
    }
}
