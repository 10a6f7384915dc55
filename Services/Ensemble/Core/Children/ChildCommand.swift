/// What to start: program, arguments, and the whole environment (nothing is inherited).
struct ChildCommand: Sendable {
    var executable: String
    var arguments: [String] = []
    var environment: [String: String] = [:]
    /// User and group to run as; nil = our own. Only root can choose.
    var account: (user: UInt32, group: UInt32)?
    /// Whether the account may pass folders that are closed to it (a checkout under `/root`), by an ambient capability.
    var mayPassClosedFolders = false
    /// The signal that the kernel sends the child when we die, by name (`TERM`), so that no orphan stays behind.
    var deathSignal: String?

    /// Program and arguments as they are started: through `setpriv` where an account or a death signal is wanted.
    func resolved(setpriv: String?) -> (path: String, arguments: [String]) {
        guard let setpriv, account != nil || deathSignal != nil else { return (executable, [executable] + arguments) }
        var line = [setpriv]
        if let account {
            line += ["--reuid", "\(account.user)", "--regid", "\(account.group)", "--clear-groups"]
            if mayPassClosedFolders {
                line += ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
            }
        }
        if let deathSignal {
            line += ["--pdeathsig", deathSignal]
        }
        line.append("--")
        // The account may not be allowed into our working directory.
        if account != nil { line += ["/usr/bin/env", "-C", "/"] }
        return (setpriv, line + [executable] + arguments)
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
