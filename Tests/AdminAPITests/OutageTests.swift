import Postgres
import Synchronization
import Testing

@testable import AdminAPICore
@testable import Store

@Suite("What the admin API knows while the database is away")
struct OutageTests {
    @Test("A key that was let in before still is, without waiting; one that nobody has seen is not")
    func keys() async throws {
        let isDown = Mutex(false)
        let isAway = Mutex(false)
        let isRevoked = Mutex(false)
        let checker = KeyChecker(lifetime: .zero) { text in
            guard !isDown.withLock({ $0 }) else { throw PostgresError(.unavailable, "connection refused") }
            return text == "known" && !isRevoked.withLock { $0 } ? APIKey(name: "operator", scopes: ["read"]) : nil
        } isAway: {
            isAway.withLock { $0 }
        }
        #expect(try await checker.check("known")?.name == "operator")
        // The connection breaks under the lookup, and then there is none to be had.
        isDown.withLock { $0 = true }
        #expect(try await checker.check("known")?.name == "operator")
        await #expect(throws: PostgresError.self) { try await checker.check("other") }
        isAway.withLock { $0 = true }
        #expect(try await checker.check("known")?.name == "operator")
        await #expect(throws: PostgresError.self) { try await checker.check("other") }
        // What was revoked meanwhile is so as soon as the database says it, and stays so.
        isAway.withLock { $0 = false }
        isDown.withLock { $0 = false }
        isRevoked.withLock { $0 = true }
        #expect(try await checker.check("known") == nil)
        isDown.withLock { $0 = true }
        await #expect(throws: PostgresError.self) { try await checker.check("known") }
    }

    @Test("Processes are asked themselves; one that does not answer has been silent since it was last heard of")
    func processes() async throws {
        let book = InstanceBook { record in
            guard record.service == "music" else { throw PostgresError(.unavailable, "gone") }
            return #"{"status":"degraded"}"#
        }
        #expect(await book.ask() == nil)
        book.note([record("gateway", silence: 20), record("music", silence: 20)])
        for _ in 0..<2 {
            let records = try #require(await book.ask())
            #expect(records.map(\.service) == ["gateway", "music"])
            #expect(records[0].silence >= 20 && records[0].report == "{}")
            #expect(records[1].silence < 15 && records[1].report == #"{"status":"degraded"}"#)
        }
    }

    private func record(_ service: String, silence: Double) -> InstanceRecord {
        InstanceRecord(
            service: service,
            instance: "1",
            host: "127.0.0.1",
            port: 1,
            pid: 1,
            silence: silence,
            report: "{}"
        )
    }
}
