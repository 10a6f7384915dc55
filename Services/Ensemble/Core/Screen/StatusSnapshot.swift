/// Everything that the screen shows, at one moment.
package struct StatusSnapshot: Sendable {
    /// One line of the table of processes.
    package struct Process: Sendable {
        package var name: String
        package var state: MemberState
        package var detail: String?
        package var port: Int?
        /// Resident memory in bytes.
        package var memory: Int?
        package var restarts = 0
    }

    /// One line of the table of bots.
    package struct Bot: Sendable {
        package var name: String
        package var state: String
        package var reason: String
        package var guilds: Int
        package var latencyMilliseconds: Int
    }

    package var uptime: Duration = .zero
    package var readyAfter: Duration?
    package var isStopping = false
    package var processes: [Process] = []
    package var bots: [Bot] = []
    /// Name and address of what a person opens.
    package var addresses: [(name: String, address: String)] = []
    /// What the operator should know before all else: the database is down, a variable is wrong.
    package var notices: [String] = []
    package var warnings: [ChildLine] = []

    /// An empty screen.
    package init() {}
}
