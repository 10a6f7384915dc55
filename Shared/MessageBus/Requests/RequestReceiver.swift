/// Where the requests of an address go.
enum RequestReceiver: Sendable {
    /// To tasks that wait for them.
    case queue(WorkQueue)
    /// To a handler on the socket thread; the signal says that no more will come.
    case atOnce(Signal, @Sendable (IncomingRequest) -> WorkerTable.Reply)

    /// Nothing comes after what waits.
    func finish() {
        switch self {
        case .queue(let queue): queue.finish()
        case .atOnce(let ended, _): ended.set()
        }
    }
}
