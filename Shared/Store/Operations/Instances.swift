package import DiscordModel
import FoundationEssentials
package import Postgres

/// What an instance takes, as its settings say it; an empty list takes everything.
package struct InstanceLimits: Hashable, Sendable {
    /// `all`, `chat`, `image`, `video`, `admin`.
    package var type: String
    package var commands: [String]
    /// Patterns for names.
    package var channels: [String]
    package var guilds: [GuildID]

    package init(type: String = "all", commands: [String] = [], channels: [String] = [], guilds: [GuildID] = []) {
        self.type = type
        self.commands = commands
        self.channels = channels
        self.guilds = guilds
    }

    init(_ row: Row) throws(PostgresError) {
        type = try row["type"]
        commands = try row["enabled_commands"]
        channels = try row["enabled_channels"]
        guilds = try row["enabled_guilds"]
    }
}

/// What decides whether an instance is given work.
package struct InstanceDuty: Hashable, Sendable {
    package let service: String
    package let instance: String
    package let limits: InstanceLimits
    /// What it is working at, over what it can work at.
    package let load: Double
    /// Whether all of its parts work.
    package let isReady: Bool
}

/// The process that wrote an instance's row.
package struct InstanceRun: Hashable, Sendable {
    /// Unlike any other process's.
    package let run: String
    package let host: String
    package let port: Int
    package let pid: Int

    package init(run: String, host: String, port: Int, pid: Int) {
        self.run = run
        self.host = host
        self.port = port
        self.pid = pid
    }
}

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
    package var limits = InstanceLimits()
    /// What it is working at, over what it can work at.
    package var load = 0.0
    /// Whether all of its parts work.
    package var isReady = false
}

/// The table `instances`: every service writes its own row.
package struct Instances: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// Says that a process runs; call it every few seconds.
    ///
    /// - Parameters:
    ///   - own: the process itself.
    ///   - report: the process's health as JSON.
    ///   - load: what it is working at, over what it can work at.
    /// - Returns: whose row it was before.
    @discardableResult
    package func report(
        service: String,
        instance: String,
        _ own: InstanceRun,
        report: String,
        limits: InstanceLimits = InstanceLimits(),
        load: Double = 0,
        isReady: Bool = true
    ) async throws -> InstanceRun? {
        let rows = try await executor.query(
            """
            WITH before AS (
                SELECT run, host, port, pid FROM instances
                WHERE service = \(service) AND instance = \(instance) FOR UPDATE
            ), entered AS (
                INSERT INTO instances (service, instance, run, host, port, pid, report, type, enabled_commands,
                    enabled_channels, enabled_guilds, load, ready)
                VALUES (\(service), \(instance), \(own.run), \(own.host), \(Int32(clamping: own.port)),
                    \(Int32(clamping: own.pid)), \(report)::text::jsonb, \(limits.type), \(limits.commands),
                    \(limits.channels), \(limits.guilds), \(load), \(isReady))
                ON CONFLICT (service, instance) DO UPDATE SET
                    started_at = CASE WHEN instances.run = excluded.run THEN instances.started_at ELSE now() END,
                    run = excluded.run, host = excluded.host, port = excluded.port, pid = excluded.pid,
                    report = excluded.report, type = excluded.type, enabled_commands = excluded.enabled_commands,
                    enabled_channels = excluded.enabled_channels, enabled_guilds = excluded.enabled_guilds,
                    load = excluded.load, ready = excluded.ready, seen_at = now()
            )
            SELECT run, host, port, pid FROM before
            """
        )
        return try rows.first.map { row in
            InstanceRun(
                run: try row["run"],
                host: try row["host"],
                port: Int(try row.decode(Int32.self, "port")),
                pid: Int(try row.decode(Int32.self, "pid"))
            )
        }
    }

    /// Takes a process off the list when it stops in good order.
    ///
    /// - Parameter run: the process's own: another one's row stays.
    package func remove(service: String, instance: String, run: String) async throws {
        try await executor.query(
            "DELETE FROM instances WHERE service = \(service) AND instance = \(instance) AND run = \(run)"
        )
    }

    /// All processes that were heard of within the last day.
    package func all() async throws -> [InstanceRecord] {
        let rows = try await executor.query(
            """
            SELECT service, instance, host, port, pid, extract(epoch FROM now() - seen_at)::double precision AS silence,
                report::text AS report, type, enabled_commands, enabled_channels, enabled_guilds, load, ready
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
                report: try row.decode(String.self, "report"),
                limits: try InstanceLimits(row),
                load: try row["load"],
                isReady: try row["ready"]
            )
        }
    }

    /// The processes that were heard of lately, without their reports: cheap enough to be read every second.
    ///
    /// - Parameter silence: who said nothing for longer is left out.
    package func live(within silence: Duration) async throws -> [InstanceDuty] {
        let rows = try await executor.query(
            """
            SELECT service, instance, type, enabled_commands, enabled_channels, enabled_guilds, load, ready
            FROM instances WHERE seen_at > now() - \(silence) ORDER BY service, instance
            """
        )
        return try rows.map { row in
            InstanceDuty(
                service: try row["service"],
                instance: try row["instance"],
                limits: try InstanceLimits(row),
                load: try row["load"],
                isReady: try row["ready"]
            )
        }
    }
}
