import FoundationEssentials
import Logging
import ServiceKit
import Testing

@Suite struct LogTests {
    private let instance = ServiceInstance(service: .gateway, id: "2")

    private func logs(_ environment: [String: String], _ sink: MemorySink) throws -> Logs {
        try Logs(instance: instance, settings: Settings(environment: environment), sink: sink)
    }

    @Test func aJSONLineCarriesTraceAndInstance() throws {
        let sink = MemorySink()
        let logger = try logs(["LOG_FORMAT": "json"], sink).logger("gateway")
        Trace.$current.withValue("0af7651916cd43dd8448eb211c80319c") {
            logger.warning("a \"quoted\"\nline \u{1}", metadata: [LogKey.bot: "iris", "message": "clash"])
        }
        let line = try #require(sink.lines.first)
        #expect(line.hasSuffix("}\n"))
        #expect(line.dropLast().contains("\n") == false)
        let object = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
        #expect(object["message"] == "a \"quoted\"\nline \u{1}")
        #expect(object["trace_id"] == "0af7651916cd43dd8448eb211c80319c")
        #expect(object["service"] == "gateway")
        #expect(object["instance"] == "2")
        #expect(object["bot"] == "iris")
        #expect(object["meta_message"] == "clash")
        #expect(object["level"] == "warning")
    }

    @Test func theConsoleStaysOneLineAndKeepsTheTerminalSafe() throws {
        let sink = MemorySink()
        let logger = try logs(["LOG_FORMAT": "console", "FORCE_COLOR": "1"], sink).logger("gateway")
        logger.error("from a member: \u{1B}[2J\nfake line")
        let line = try #require(sink.lines.first)
        #expect(line.contains("\u{1B}[1;31mERROR"))
        #expect(line.contains("\u{1B}[2J") == false)
        #expect(line.filter { $0 == "\n" }.count == 1)
        #expect(line.contains("[gateway-2]"))
    }

    @Test func theLevelHolds() throws {
        let sink = MemorySink()
        let logger = try logs(["LOG_FORMAT": "console", "LOG_LEVEL": "WARN"], sink).logger("x")
        logger.info("unseen")
        logger.warning("seen")
        #expect(sink.lines.count == 1)
        #expect(throws: ConfigurationError.self) { try logs(["LOG_LEVEL": "loud"], sink) }
        #expect(throws: ConfigurationError.self) { try logs(["LOG_FORMAT": "xml"], sink) }
    }

    @Test func aStopIsNoCauseForAlarm() async throws {
        let sink = MemorySink()
        let logs = try logs(["LOG_FORMAT": "json"], sink)
        let logger = logs.logger("test")
        func complain(_ text: String) async {
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                logger.warning("\(text)")
            }
            task.cancel()
            await task.value
        }
        await complain("cancelled in daily work")
        logs.stop.set()
        await complain("cancelled by the stop")
        logger.error("truly wrong")
        let text = sink.lines.joined()
        #expect(text.contains("cancelled in daily work"))
        #expect(!text.contains("cancelled by the stop"))
        #expect(text.contains("truly wrong"))
    }
}
