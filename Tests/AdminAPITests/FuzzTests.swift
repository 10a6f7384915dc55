import AdminAPICore
import Hummingbird
import HummingbirdTesting
import Logging
import Store
import TestSupport
import Testing

/// The API under schemathesis, which reads the OpenAPI document that the API itself serves.
@Suite struct FuzzTests {
    @Test("every answer is one that the document describes", .timeLimit(.minutes(6)))
    func schemathesis() async throws {
        let keys = KeyChecker { $0 == "full" ? APIKey(name: "operator", scopes: ["read", "control"]) : nil }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let router = try AdminRouter(backend: FakeBackend(), keys: keys, logger: logger).router()
        try await Application(router: router).test(.live) { client in
            let port = try #require(client.port)
            try await PythonClient.run(
                "admin_api_fuzz.py",
                arguments: ["http://127.0.0.1:\(port)", "full"],
                within: .seconds(240)
            )
        }
    }
}
