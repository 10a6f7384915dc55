import ServiceKit
import Testing

@Suite struct MetricsTests {
    private let metrics = MetricsRegistry(instance: ServiceInstance(service: .bus, id: "a\"b"))

    @Test func writesWhatPrometheusReads() {
        metrics.counter("drops_total", help: "Lost\nevents.", labels: ["topic": "a"]).increment(by: 3)
        metrics.gauge("queue", help: "Waiting.") { 7 }
        let wait = metrics.histogram("wait_seconds", help: "Waits.", bounds: [0.1, 1])
        wait.observe(.milliseconds(50))
        wait.observe(0.5)
        wait.observe(30)
        #expect(
            metrics.exposition() == """
                # HELP drops_total Lost\\nevents.
                # TYPE drops_total counter
                drops_total{instance="a\\"b",service="bus",topic="a"} 3
                # HELP queue Waiting.
                # TYPE queue gauge
                queue{instance="a\\"b",service="bus"} 7
                # HELP wait_seconds Waits.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{instance="a\\"b",le="0.1",service="bus"} 1
                wait_seconds_bucket{instance="a\\"b",le="1",service="bus"} 2
                wait_seconds_bucket{instance="a\\"b",le="+Inf",service="bus"} 3
                wait_seconds_sum{instance="a\\"b",service="bus"} 30.55
                wait_seconds_count{instance="a\\"b",service="bus"} 3

                """
        )
    }

    @Test func theSameNameAndLabelsAreTheSameInstrument() {
        metrics.counter("hits_total", help: "", labels: ["a": "1"]).increment()
        metrics.counter("hits_total", help: "", labels: ["a": "1"]).increment()
        #expect(metrics.counter("hits_total", help: "", labels: ["a": "1"]).current == 2)
    }

    @Test func aLabelFromOutsideCannotEatTheMemory() {
        for index in 0..<(MetricsRegistry.maximumSeries + 50) {
            metrics.counter("users_total", help: "", labels: ["user": "\(index)"]).increment()
        }
        let lines = metrics.exposition().split(separator: "\n").filter { $0.hasPrefix("users_total") }
        #expect(lines.count == MetricsRegistry.maximumSeries + 1)
        #expect(lines.contains { $0.contains("overflow=\"true\"") && $0.hasSuffix(" 50") })
    }

    @Test func concurrentIncrementsAllCount() async {
        let counter = metrics.counter("c_total", help: "")
        let histogram = metrics.histogram("h", help: "", bounds: [1])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        counter.increment()
                        histogram.observe(0.5)
                    }
                }
            }
        }
        #expect(counter.current == 8000)
        #expect(histogram.snapshot.counts == [8000, 0])
        #expect(histogram.snapshot.sum == 4000)
    }

    @Test func quantilesComeFromTheBuckets() {
        let histogram = metrics.histogram("q", help: "", bounds: [0.1, 0.2, 0.4])
        #expect(histogram.quantile(0.5) == nil)
        for value in [0.05, 0.15, 0.15, 0.3] { histogram.observe(value) }
        #expect(histogram.quantile(0.5) == 0.2)
        #expect(histogram.quantile(0.95) == 0.4)
    }
}
