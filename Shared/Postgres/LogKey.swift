/// The keys of this module's log lines.
enum LogKey {
    static let server = "database"
    static let reason = "reason"
    static let notice = "notice"
    static let connection = "connection"
    static let attempts = "attempts"
}
