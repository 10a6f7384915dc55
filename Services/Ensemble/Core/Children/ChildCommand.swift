/// What to start: program, arguments, and the whole environment (nothing is inherited).
struct ChildCommand: Sendable {
    var executable: String
    var arguments: [String] = []
    var environment: [String: String] = [:]
    /// The signal that the kernel sends the child when we die, by name (`TERM`), so that no orphan stays behind.
    var deathSignal: String?

    /// Program and arguments as they are started: through `setpriv`, which replaces itself, where a death signal is
    /// wanted.
    func resolved(setpriv: String?) -> (path: String, arguments: [String]) {
        guard let setpriv, let deathSignal else { return (executable, [executable] + arguments) }
        return (setpriv, [setpriv, "--pdeathsig", deathSignal, "--", executable] + arguments)
    }
}

/// How a child ended.
enum ChildExit: Sendable, Equatable, CustomStringConvertible {
    case code(Int32)
    case signal(Int32)

    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7F
        self = signal == 0 ? .code((waitStatus >> 8) & 0xFF) : .signal(signal)
    }

    var description: String {
        switch self {
        case .code(let code): "exit code \(code)"
        case .signal(let number): "signal \(number)"
        }
    }
}
