import ServiceKit
import Simulation

/// Health, readiness and metrics of the playground, on the page's port.
struct HealthEndpoint: SimulatedEndpoint {
    let context: RuntimeContext

    func addRoutes(to router: SimulationRouter) {
        HealthRoutes(instance: context.instance, health: context.health, metrics: context.metrics).add(to: router)
    }
}
