import DiscordModel

/// Ways in which the local node fails on purpose.
package enum LavalinkFaultKind: String, FaultKind {
    /// The node is dead: sockets drop without a close frame, connections close without an answer.
    case dead
    /// The sockets drop without a close frame; sessions that resume wait.
    case drop
    /// The sockets close with `code`, by default 1001, as when a node stops.
    case close
    /// The sockets drop, and the sessions with their players are forgotten.
    case sessionLost = "session-lost"
    case status500 = "500"
    case status502 = "502"
    case status503 = "503"
    /// The next request waits.
    case delay
    /// The next load of tracks fails.
    case loadErrors = "load-errors"
    /// What plays is stuck from now on.
    case stuck
    /// What plays fails now, with an exception.
    case exception
    /// The voice connections close with `code`.
    case voiceClosed = "voice-closed"

    package static var target: FaultTarget { .lavalink }

    package var traits: FaultTraits {
        switch self {
        case .dead: FaultTraits(milliseconds: .lifetime(standard: 10_000), takesBot: false)
        case .drop, .sessionLost, .stuck, .exception: FaultTraits(milliseconds: .interval(1_000))
        case .close:
            FaultTraits(milliseconds: .interval(1_000), code: .init(range: 1_000...4_999, standard: 1_001))
        case .status500: FaultTraits(aliases: ["5xx"])
        case .status502, .status503: FaultTraits()
        case .delay: FaultTraits(milliseconds: .wait(1_000), aliases: ["slow"])
        case .loadErrors: FaultTraits(aliases: ["loadErrors"], takesBot: false)
        case .voiceClosed:
            FaultTraits(
                milliseconds: .interval(1_000),
                aliases: ["voiceClosed"],
                code: .init(range: 1_000...4_999, standard: 4_006)
            )
        }
    }

    /// The status that the next request is answered with; nil for other faults.
    var status: Int? {
        switch self {
        case .status500: 500
        case .status502: 502
        case .status503: 503
        default: nil
        }
    }
}

/// A fault of the local node, as tests order it.
package enum LavalinkFault: Sendable, Equatable {
    /// The node is dead for that long.
    case dead(Duration)
    case dropSockets
    /// All sockets close with 1001.
    case closeSockets
    /// Of one bot, or of all.
    case stuck(bot: UInt64?)
    case exception(bot: UInt64?)
    case voiceClosed(code: Int64, bot: UInt64?)
    /// The next loads fail.
    case loadErrors(count: Int)
    /// The next requests get 500.
    case serverErrors(count: Int)
    /// The next requests wait that long.
    case slow(delay: Duration, count: Int)

    var order: FaultOrder {
        func order(
            _ kind: LavalinkFaultKind,
            bot: UInt64? = nil,
            count: Int? = nil,
            _ ms: Duration? = nil
        ) -> FaultOrder {
            FaultOrder(
                kind.rawValue,
                bot: bot.map { FaultedBot(id: .init(rawValue: $0), name: String($0)) },
                count: count,
                milliseconds: ms.map { UInt64(max($0.milliseconds, 0)) }
            )
        }
        switch self {
        case .dead(let duration): return order(.dead, duration)
        case .dropSockets: return order(.drop)
        case .closeSockets: return order(.close)
        case .stuck(let bot): return order(.stuck, bot: bot)
        case .exception(let bot): return order(.exception, bot: bot)
        case .voiceClosed(let code, let bot):
            var closed = order(.voiceClosed, bot: bot)
            closed.code = code
            return closed
        case .loadErrors(let count): return order(.loadErrors, count: count)
        case .serverErrors(let count): return order(.status500, count: count)
        case .slow(let delay, let count): return order(.delay, count: count, delay)
        }
    }
}
