import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import ServiceKit
import Store
import Synchronization

/// The processes as the registry last had them. While it is away they are asked for their health themselves.
final class InstanceBook: Sendable {
    private struct Entry {
        var record: InstanceRecord
        /// When it was last heard of.
        var heard: ContinuousClock.Instant
    }

    /// How long a process may take to answer.
    private static let patience = Duration.seconds(1)
    /// The longest health report.
    private static let limit = 1 << 20

    private let entries = Mutex<[Entry]>([])
    private let fetch: @Sendable (InstanceRecord) async throws -> String

    /// - Parameter fetch: asks a process for its health report, as JSON.
    init(fetch: @escaping @Sendable (InstanceRecord) async throws -> String = InstanceBook.health) {
        self.fetch = fetch
    }

    /// Remembers what the registry has.
    func note(_ records: [InstanceRecord]) {
        let now = ContinuousClock.now
        entries.withLock { $0 = records.map { Entry(record: $0, heard: now - .seconds($0.silence)) } }
    }

    /// Asks every process that the registry had; one that does not answer has been silent since it was last heard of.
    ///
    /// - Returns: nil if the registry was never read.
    func ask() async -> [InstanceRecord]? {
        let known = entries.withLock { $0 }
        guard !known.isEmpty else { return nil }
        let fetch = fetch
        let answers = await withTaskGroup(of: (Int, String?).self) { group in
            for (index, entry) in known.enumerated() {
                group.addTask {
                    (index, try? await withDeadline(Self.patience) { try await fetch(entry.record) })
                }
            }
            return await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
        }
        let now = ContinuousClock.now
        var asked = known
        for (index, report) in answers {
            asked[index].record.report = report
            asked[index].heard = now
        }
        let records = asked.map { entry in
            var record = entry.record
            record.silence = (now - entry.heard) / .seconds(1)
            return record
        }
        note(records)
        return records
    }

    private static func health(_ record: InstanceRecord) async throws -> String {
        let host = record.host.contains(":") ? "[\(record.host)]" : record.host
        let response = try await HTTPClient.shared.execute(
            HTTPClientRequest(url: "http://\(host):\(record.port)/health"),
            timeout: .seconds(1)
        )
        return String(buffer: try await response.body.collect(upTo: limit))
    }
}
