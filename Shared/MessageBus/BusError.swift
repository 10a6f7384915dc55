/// Why a request has no reply.
package struct BusError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        /// The time ran out; the worker, if there is one, may still do it.
        case timeout
        /// Nobody served the address until the time ran out.
        case noWorker
        /// It was handed to a worker that died, or the switchboard restarted meanwhile: it may have been done or not.
        case outcomeUnknown
        /// The switchboard or the worker does not take it: a full queue, or no permission.
        case refused
        /// The worker answered with an error of its own (`RequestFailure`).
        case failed(code: String)
        /// The reply or the request could not be read.
        case malformed
        /// This process is leaving the bus.
        case closed
        /// The caller was cancelled.
        case cancelled
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static let cancelledCaller = Self(.cancelled, "the caller was cancelled")

    /// Whether asking again may succeed and, without a key, does it at most once.
    package var isRetriable: Bool {
        switch code {
        case .noWorker, .refused: true
        case .timeout, .outcomeUnknown, .failed, .malformed, .closed, .cancelled: false
        }
    }
}

extension BusError: CustomStringConvertible {
    package var description: String { "\(code): \(message)" }
}

/// What a handler throws to give its caller a reason: it arrives there as `BusError.Code.failed`.
package struct RequestFailure: Error, Hashable, Sendable {
    /// A short name that the caller may act on, such as `unknown-guild`.
    package let code: String
    package let message: String

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

extension BusError.Code {
    /// The codes that the switchboard and workers send, by their name on the wire; any other name is a worker's own.
    init(wireName: String) {
        self =
            switch wireName {
            case "bus.timeout": .timeout
            case "bus.no-worker": .noWorker
            case "bus.outcome-unknown": .outcomeUnknown
            case "bus.refused": .refused
            case "bus.malformed": .malformed
            case "bus.closed": .closed
            default: .failed(code: wireName)
            }
    }

    /// The name on the wire.
    package var wireName: String {
        switch self {
        case .timeout: "bus.timeout"
        case .noWorker: "bus.no-worker"
        case .outcomeUnknown: "bus.outcome-unknown"
        case .refused: "bus.refused"
        case .malformed: "bus.malformed"
        case .closed, .cancelled: "bus.closed"
        case .failed(let code): code
        }
    }
}
