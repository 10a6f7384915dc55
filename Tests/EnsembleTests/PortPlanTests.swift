import EnsembleCore
import ServiceKit
import Testing

@Suite struct PortPlanTests {
    private func plan(_ environment: [String: String], busy: Set<Int> = []) throws -> PortPlan {
        var next = 40_000
        return try PortPlan(settings: Settings(environment: environment)) {
            !busy.contains($0)
        } any: {
            next += 1
            return next
        }
    }

    @Test func aFreshMachineGetsTheDefaults() throws {
        let plan = try plan([:])
        #expect(plan.services[.gateway] == 9101)
        #expect(plan.services[.adminAPI] == 8080)
        #expect(plan.services[.playground] == 8090)
        #expect(plan.database == 54_329)
        #expect(plan.remarks.isEmpty)
    }

    @Test func aBusyDefaultMovesAndIsTold() throws {
        let plan = try plan([:], busy: [8080])
        #expect(plan.services[.adminAPI] == 40_001)
        #expect(plan.remarks == ["port 8080 is in use; ADMIN_API_PORT is 40001 this time"])
    }

    @Test func aPortThatWasAskedForIsNotReplaced() {
        let error = #expect(throws: ConfigurationError.self) { try plan(["GATEWAY_PORT": "7000"], busy: [7000]) }
        #expect(error?.description == "GATEWAY_PORT: expected a free port, found 7000, which is in use")
    }

    @Test func zeroTakesAnyWithoutRemark() throws {
        let plan = try plan(["BUS_PORT": "0", "API_PORT": "7001"])
        #expect(plan.services[.bus] == 40_001)
        #expect(plan.services[.adminAPI] == 7001)
        #expect(plan.remarks.isEmpty)
    }

    @Test func noTwoServicesShareAPort() {
        #expect(throws: ConfigurationError.self) { try plan(["MUSIC_PORT": "7000", "PERSONA_PORT": "7000"]) }
    }
}
