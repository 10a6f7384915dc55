import Foundation

/// Faults on demand, as a test orders them.
extension Playground {
    struct Order: Encodable, Sendable {
        let target: String
        let kind: String
        var bot: String?
        var count: Int?
        var ms: Int?
        var route: String?
        var seed: UInt64?

        init(
            _ target: String,
            _ kind: String,
            bot: String? = nil,
            count: Int? = nil,
            ms: Int? = nil,
            route: String? = nil
        ) {
            self.target = target
            self.kind = kind
            self.bot = bot
            self.count = count
            self.ms = ms
            self.route = route
        }
    }

    /// A fault that was ordered.
    struct Fault: Decodable {
        let id: String
        let target: String
        let kind: String
        let done: Int
    }

    private struct Report: Decodable {
        let active: [Fault]
        let past: [Fault]
    }

    private struct World: Decodable {
        struct Bot: Decodable {
            let online: Bool
        }

        let bots: [Bot]
    }

    func order(_ order: Order) async throws -> String {
        try await http.post("/control/faults", order, as: Created.self).id
    }

    /// The faults that are active, and the latest that have ended.
    func faults() async throws -> (active: [Fault], past: [Fault]) {
        let report: Report = try await http.get("/control/faults")
        return (report.active, report.past)
    }

    func endFaults() async throws { try await http.send("DELETE", "/control/faults", body: nil) }

    func areAllBotsOnline() async throws -> Bool {
        let world: World = try await http.get("/control/world")
        return world.bots.allSatisfy(\.online)
    }
}
