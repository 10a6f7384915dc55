import BusContract

/// What tasks ask of the socket thread.
enum BusCommand: Sendable {
    case request(UInt64, RequestTable.Request, CheckedContinuation<RequestOutcome, Never>)
    case cancel(UInt64)
    case leave(String)
    case reply(RequestID, WorkerTable.Reply)
    case unsubscribe(Int)
    case close
}

/// How a request ended: the frames of the reply, or why there is none.
typealias RequestOutcome = Result<ReplyFrames, BusError>

struct ReplyFrames: Sendable {
    let header: [UInt8]
    let payload: [UInt8]
}
