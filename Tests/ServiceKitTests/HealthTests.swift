import FoundationEssentials
import Hummingbird
import HummingbirdTesting
import NIOCore
import ServiceKit
import Synchronization
import Testing

@Suite struct HealthTests {
    @Test func readyOnlyWhenAllComponentsAre() async throws {
        let context = try RuntimeContext(.moderation, settings: Settings(environment: [:]), sink: MemorySink())
        let database = context.health.component("database")
        context.health.component("bus").ready()
        context.health.queue("events") { 3 }
        context.metrics.counter("message_count", help: "Messages.").increment()
        let router = Router()
        HealthRoutes(instance: context.instance, health: context.health, metrics: context.metrics).add(to: router)
        try await Application(router: router).test(.router) { client in
            try await client.execute(uri: "/ready", method: .get) { response in
                #expect(response.status == .serviceUnavailable)
            }
            try await client.execute(uri: "/health", method: .get) { response in
                #expect(response.status == .ok)
                let report = try JSONDecoder().decode(HealthReport.self, from: Data(response.body.readableBytesView))
                #expect(report.status == "degraded")
                #expect(report.instanceID == "1")
                #expect(report.queueSizes == ["events": 3])
                #expect(report.components["database"]?.ready == false)
            }
            database.ready()
            try await client.execute(uri: "/ready", method: .get) { response in
                #expect(response.status == .ok)
            }
            try await client.execute(uri: "/metrics", method: .get) { response in
                let text = String(buffer: response.body)
                #expect(text.contains("message_count{instance=\"1\",service=\"moderation\"} 1"))
                #expect(text.contains("process_resident_memory_bytes"))
            }
        }
    }

    @Test func aPartThatIsAskedSaysHowItIsNow() {
        let registry = HealthRegistry()
        let isThere = Mutex(false)
        registry.component("told").ready()
        registry.component("asked") {
            HealthRegistry.State(isReady: isThere.withLock { $0 }, detail: "as of now")
        }
        #expect(!registry.isReady)
        isThere.withLock { $0 = true }
        #expect(registry.isReady)
        #expect(registry.components["asked"] == HealthRegistry.State(isReady: true, detail: "as of now"))
        #expect(registry.components["told"]?.isReady == true)
    }

    @Test func theLoadIsThatOfTheFullestWork() {
        let registry = HealthRegistry()
        #expect(registry.load == 0)
        registry.work(capacity: 8) { 2 }
        registry.work(capacity: 4) { 6 }
        #expect(registry.load == 1.5)
    }
}
