/// Ways in which the local gateway fails on purpose.
package enum GatewayFaultKind: String, FaultKind {
    /// Opcode 7.
    case reconnect
    /// Opcode 9 with false: the session is gone.
    case invalidSession = "invalid-session"
    /// Opcode 9 with true: the session can be resumed.
    case resumableSession = "invalid-session-resumable"
    /// A close frame with `code`.
    case close
    /// The connection is cut without a close frame.
    case drop
    /// Bytes that continue no compressed stream and are no JSON.
    case damage
    /// The next dispatch is cut in the middle of its frame, and the connection with it.
    case cutFrame = "cut-frame"
    /// The next dispatch comes late, and what follows it behind it.
    case delay
    /// The next VOICE_SERVER_UPDATE comes before its VOICE_STATE_UPDATE; usually it comes after it.
    case voiceServerFirst = "voice-server-first"
    /// The next RESUME replays up to ten dispatches too many.
    case overlap = "replay-overlap"
    /// The next RESUME is answered with opcode 9 and false.
    case refuseResume = "refuse-resume"
    /// The next heartbeat is not acknowledged: the connection is a zombie.
    case missedAck = "missed-ack"
    /// The next connection waits for its HELLO.
    case slowHello = "slow-hello"
    /// The next connection gets no HELLO.
    case noHello = "no-hello"
    /// New voice credentials for the same channel, as when a voice server goes away.
    case voiceServer = "voice-server"
    /// The bot is disconnected from voice.
    case voiceDrop = "voice-drop"

    package static var target: FaultTarget { .gateway }

    package var traits: FaultTraits {
        switch self {
        case .reconnect, .drop, .damage: FaultTraits(milliseconds: .interval(1_000))
        case .invalidSession:
            FaultTraits(milliseconds: .interval(1_000), aliases: ["invalidSession", "invalid_session"])
        case .resumableSession: FaultTraits(milliseconds: .interval(1_000))
        case .close:
            FaultTraits(
                milliseconds: .interval(1_000),
                // RFC 6455 has codes from 1000; 1005, 1006 and 1015 are never sent, but Discord's own begin at 4000.
                code: .init(range: 1_000...4_999, standard: 4_000)
            )
        case .delay: FaultTraits(milliseconds: .wait(1_000))
        case .slowHello: FaultTraits(milliseconds: .wait(5_000), takesBot: false)
        case .noHello: FaultTraits(takesBot: false)
        case .cutFrame, .voiceServerFirst, .overlap: FaultTraits()
        case .refuseResume: FaultTraits(aliases: ["refuseResume"])
        case .missedAck: FaultTraits(aliases: ["silence"])
        case .voiceServer: FaultTraits(milliseconds: .interval(1_000), aliases: ["voiceServer"])
        case .voiceDrop: FaultTraits(milliseconds: .interval(1_000), aliases: ["voiceDrop"])
        }
    }
}
