import EnsembleCore
import ServiceKit
import Testing

@testable import EnsembleCore

@Suite struct EnvironmentTests {
    @Test func readsDotEnv() throws {
        let text = """
            # tokens
            DISCORD_TOKEN=abc.def
            export DISCORD_TOKEN_IRIS = "quoted # value"
            EMPTY=
            A='single "inside"'   # note
            B=bare # comment
            """
        #expect(
            try DotEnv.parse(text) == [
                "DISCORD_TOKEN": "abc.def", "DISCORD_TOKEN_IRIS": "quoted # value", "EMPTY": "",
                "A": "single \"inside\"",
                "B": "bare",
            ]
        )
    }

    @Test(arguments: [("A=1\nnonsense", 2), ("1A=2", 1), ("A=\"open", 1)])
    func aMistakeInDotEnvIsToldByLineWithoutItsValue(text: String, line: Int) {
        let error = #expect(throws: ConfigurationError.self) { try DotEnv.parse(text) }
        #expect(error?.line == line)
        #expect(error?.description.contains("open") == false)
    }

    private var fleet: FleetVariables {
        get throws {
            let text = """
                bots:
                  - name: rainbow
                    bot_config:
                      discord_token: ${DISCORD_TOKEN}
                  - name: iris
                    bot_config:
                      discord_token: ${MY_ODD_NAME}
                      llm_config:
                        api_key: ${SPECIAL_KEY}
                """
            return FleetVariables(
                try ConfigFile.parse(text, path: "fleet.yaml", settings: Settings(environment: [:])).root
            )
        }
    }

    @Test func findsWhoseVariablesTheFileNames() throws {
        let fleet = try fleet
        #expect(fleet.tokens == ["DISCORD_TOKEN", "MY_ODD_NAME"])
        #expect(fleet.models == ["SPECIAL_KEY"])
        #expect(fleet.bots.map(\.name) == ["rainbow", "iris"])
    }

    @Test func everySecretReachesItsOwnServiceAlone() throws {
        let environment = [
            "DISCORD_TOKEN": "t1", "MY_ODD_NAME": "t2", "SPECIAL_KEY": "k1", "OPENAI_API_KEY": "k2", "HOME": "/root",
            "AWS_SECRET_ACCESS_KEY": "x", "LAVALINK_PASSWORD": "l", "DATABASE_URL": "postgres://owner:pw@h/db",
            "API_SECRET_KEY": "j",
        ]
        let fleet = try fleet
        let environments = ChildEnvironments(
            installation: Installation(environment: environment, programs: "/nowhere"),
            fleet: fleet,
            ports: [.gateway: 1234],
            busAddress: "ipc:///x",
            busAccess: .passwords(
                Dictionary(uniqueKeysWithValues: ServiceName.allCases.map { ($0, Secret("bus-\($0)")) })
            ),
            databases: Dictionary(uniqueKeysWithValues: ServiceName.allCases.map { ($0, Secret("db-\($0)")) }),
            playground: nil
        )
        let owners: [String: Set<ServiceName>] = [
            "t1": [.gateway], "t2": [.gateway], "k1": [.persona], "k2": [.persona], "x": [], "l": [.lavalinkBridge],
            "postgres://owner:pw@h/db": [], "j": [.adminAPI],
        ]
        for plan in ServicePlan.all {
            let values = Set(environments.environment(of: plan).values)
            for (secret, services) in owners {
                #expect(
                    values.contains(secret) == services.contains(plan.service),
                    "\(secret) in \(plan.service)"
                )
            }
            for other in ServicePlan.all where other.service != plan.service {
                #expect(!values.contains("bus-\(other.service)"))
                #expect(!values.contains("db-\(other.service)"))
            }
        }
        let gateway = try #require(ServicePlan.all.first { $0.service == .gateway })
        let seen = environments.environment(of: gateway)
        #expect(seen["GATEWAY_PORT"] == "1234")
        #expect(seen["DATABASE_URL"] == "db-gateway")
        #expect(seen["BUS_SECRET"] == "bus-gateway")
    }

    @Test func thePlaygroundIsNothingButAddressesAndLogins() throws {
        let environments = ChildEnvironments(
            installation: Installation(environment: [:], programs: "/nowhere"),
            fleet: try fleet,
            ports: [:],
            busAddress: "ipc:///x",
            busAccess: .passwords([:]),
            databases: [:],
            playground: PlaygroundAddresses(port: 8090, lavalinkPort: 2333)
        )
        let gateway = try #require(ServicePlan.all.first { $0.service == .gateway })
        let seen = environments.environment(of: gateway)
        #expect(seen["DISCORD_API_URL"] == "http://127.0.0.1:8090/api/v10")
        #expect(seen["MY_ODD_NAME"] == "playground.iris")
        let moderation = try #require(ServicePlan.all.first { $0.service == .moderation })
        #expect(!environments.environment(of: moderation).values.contains { $0.contains("8090") })
    }

    @Test func everyServiceIsInTheSupervisorsList() {
        let planned = Set(ServicePlan.all.map(\.service))
        #expect(planned == Set(ServiceName.allCases).subtracting([.ensemble]))
    }

    @Test(arguments: [
        (
            "postgres://owner:secret@db.example.org:5432/app?sslmode=require",
            "postgres://ensemble_gateway:pw@db.example.org:5432/app?sslmode=require"
        ),
        ("postgresql://db/app", "postgres://ensemble_gateway:pw@db/app"),
        ("host=/run/db user=owner dbname=app", "host=/run/db user=owner dbname=app user=ensemble_gateway password=pw"),
    ])
    func aServicesAddressKeepsAllButTheLogin(given: String, expected: String) throws {
        let address = try DatabaseAddress.replacingLogin(of: Secret(given), user: "ensemble_gateway", password: "pw")
        #expect(address.reveal() == expected)
    }
}
