import CZeroMQ
import Glibc

/// A failed call of libzmq: which operation, and why.
package struct ZeroMQError: Error, Hashable, Sendable {
    /// The reasons that callers tell apart; everything else is `.other`.
    package enum Code: Hashable, Sendable {
        /// The operation would have to wait (`EAGAIN`).
        case wouldBlock
        /// A ROUTER knows no peer of that identity, or it has gone (`EHOSTUNREACH`).
        case unreachable
        /// The address is in use (`EADDRINUSE`).
        case addressInUse
        /// The endpoint cannot be understood or its protocol is not supported (`EINVAL`, `EPROTONOSUPPORT`, `ENODEV`).
        case badEndpoint
        /// The context has been terminated (`ETERM`).
        case terminated
        /// A signal arrived during the call (`EINTR`).
        case interrupted
        /// The folder for ipc sockets is not ours alone.
        case unsafeFolder
        case other
    }

    package let code: Code

    /// The number that libzmq or the system gave.
    package let number: Int32

    /// What was tried, such as `bind ipc:///run/bus/events-in`.
    package let operation: String

    package init(number: Int32, operation: String) {
        self.number = number
        self.operation = operation
        self.code =
            switch number {
            case EAGAIN: .wouldBlock
            case EHOSTUNREACH: .unreachable
            case EADDRINUSE: .addressInUse
            case EINVAL, EPROTONOSUPPORT, ENODEV, ENAMETOOLONG: .badEndpoint
            case terminatedErrno: .terminated
            case EINTR: .interrupted
            default: .other
            }
    }

    init(code: Code, number: Int32, operation: String) {
        self.code = code
        self.number = number
        self.operation = operation
    }

    /// The error of the libzmq call that has just returned -1 on this thread.
    static func last(_ operation: @autoclosure () -> String) -> Self {
        Self(number: zmq_errno(), operation: operation())
    }

    /// Whether the same call may succeed later, with nothing else changed.
    package var isRetriable: Bool {
        switch code {
        case .wouldBlock, .interrupted, .unreachable, .addressInUse: true
        case .badEndpoint, .terminated, .unsafeFolder, .other: false
        }
    }

    /// The name of the number as in `errno.h` and `zmq.h`: `EADDRINUSE`, `ETERM`.
    package var name: String {
        errnoNames[number] ?? "errno \(number)"
    }

    package var message: String {
        "\(operation): \(name) (\(String(cString: zmq_strerror(number))))"
    }
}

extension ZeroMQError: CustomStringConvertible {
    package var description: String { message }
}

/// `ETERM` and its like are macros over a sum, which Swift does not import: ZMQ_HAUSNUMERO + n of zmq.h.
private let hausnumero: Int32 = 156_384_712
private let terminatedErrno: Int32 = hausnumero + 53

private let errnoNames: [Int32: String] = [
    EAGAIN: "EAGAIN", EINTR: "EINTR", EINVAL: "EINVAL", EFAULT: "EFAULT", EMFILE: "EMFILE", ENOMEM: "ENOMEM",
    EACCES: "EACCES", ENOENT: "ENOENT", ENOTDIR: "ENOTDIR", EEXIST: "EEXIST", EPERM: "EPERM", ENODEV: "ENODEV",
    ENAMETOOLONG: "ENAMETOOLONG", ENOTSUP: "ENOTSUP", EPROTONOSUPPORT: "EPROTONOSUPPORT", ENOBUFS: "ENOBUFS",
    ENETDOWN: "ENETDOWN", EADDRINUSE: "EADDRINUSE", EADDRNOTAVAIL: "EADDRNOTAVAIL", ECONNREFUSED: "ECONNREFUSED",
    EINPROGRESS: "EINPROGRESS", ENOTSOCK: "ENOTSOCK", EMSGSIZE: "EMSGSIZE", EAFNOSUPPORT: "EAFNOSUPPORT",
    ENETUNREACH: "ENETUNREACH", ECONNABORTED: "ECONNABORTED", ECONNRESET: "ECONNRESET", ENOTCONN: "ENOTCONN",
    ETIMEDOUT: "ETIMEDOUT", EHOSTUNREACH: "EHOSTUNREACH", ENETRESET: "ENETRESET",
    hausnumero + 51: "EFSM", hausnumero + 52: "ENOCOMPATPROTO", hausnumero + 53: "ETERM", hausnumero + 54: "EMTHREAD",
]
