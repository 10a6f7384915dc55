import FoundationEssentials
package import Postgres

/// A running process of a service, as it last told.
package struct InstanceRecord: Sendable {
    package let service: String
    package let instance: String
    package let host: String
    package let port: Int
    package let pid: Int
    /// Seconds since it last said anything.
    package var silence: Double
    /// Its last `/health` report, as JSON.
    package var report: String
}

/// The table `instances`: every service writes its own row.
package struct Instances: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// Says that a process runs; call it every few seconds.
    ///
    /// - Parameter report: the process's health as JSON.
    package func report(
        service: String,
        instance: String,
        host: String,
        port: Int,
        pid: Int,
        report: String
    ) async throws {
        try await executor.query(
            """
            INSERT INTO instances (service, instance, host, port, pid, report)
            VALUES (\(service), \(instance), \(host), \(Int32(clamping: port)), \(Int32(clamping: pid)),
                \(report)::text::jsonb)
            ON CONFLICT (service, instance) DO UPDATE SET
                started_at = CASE WHEN instances.pid = excluded.pid THEN instances.started_at ELSE now() END,
                host = excluded.host, port = excluded.port, pid = excluded.pid, report = excluded.report,
                seen_at = now()
            """
        )
    }

    /// Takes a process off the list when it stops in good order.
    package func remove(service: String, instance: String, pid: Int) async throws {
        try await executor.query(
            """
            DELETE FROM instances
            WHERE service = \(service) AND instance = \(instance) AND pid = \(Int32(clamping: pid))
            """
        )
    }

    /// All processes that were heard of within the last day.
    package func all() async throws -> [InstanceRecord] {
        let rows = try await executor.query(
            """
            SELECT service, instance, host, port, pid, extract(epoch FROM now() - seen_at)::double precision AS silence,
                report::text AS report
            FROM instances WHERE seen_at > now() - interval '1 day' ORDER BY service, instance
            """
        )
        return try rows.map { row in
            InstanceRecord(
                service: try row.decode(String.self, "service"),
                instance: try row.decode(String.self, "instance"),
                host: try row.decode(String.self, "host"),
                port: Int(try row.decode(Int32.self, "port")),
                pid: Int(try row.decode(Int32.self, "pid")),
                silence: try row.decode(Double.self, "silence"),
                report: try row.decode(String.self, "report")
            )
        }
    }
}
