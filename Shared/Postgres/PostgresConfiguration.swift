/// How a client connects and what it waits for.
package struct PostgresConfiguration: Sendable {
    /// A connection string as libpq takes it: `postgres://user:password@host:port/database?…` or `host=… dbname=…`.
    package var url: String
    /// What `pg_stat_activity` shows for our connections.
    package var applicationName: String
    /// Connections kept open when idle; 1 or more, so that loss of the server is noticed at once.
    package var minimumConnections: Int = 1
    /// The most connections; a transaction owns one, statements share the others.
    package var maximumConnections: Int = 8
    /// The most statements under way on one shared connection.
    package var pipelineDepth: Int = 64
    /// The most requests that wait for a connection; more are refused at once.
    package var maximumWaiting: Int = 10_000
    /// How long a request waits for a connection.
    package var acquireTimeout: Duration = .seconds(5)
    /// How long an attempt to connect may take.
    package var connectTimeout: Duration = .seconds(5)
    /// The server's limit for one statement; the client gives a silent server 5 s more and then drops the connection.
    package var statementTimeout: Duration = .seconds(30)
    /// After how long a surplus connection without work is closed.
    package var idleTimeout: Duration = .seconds(60)
    /// The wait before the second attempt to connect; it doubles, with full jitter, up to `maximumBackoff`.
    package var initialBackoff: Duration = .milliseconds(100)
    /// The longest wait between two attempts to connect.
    package var maximumBackoff: Duration = .seconds(5)
    /// How many prepared statements a connection keeps; 0 prepares none (for a pooler between us and the server).
    package var statementCacheSize: Int = 256

    package init(url: String, applicationName: String = "ensemble") {
        self.url = url
        self.applicationName = applicationName
    }
}
