import DequeModule
import DiscordModel

/// Who a session belongs to and what it asked for: fixed by its IDENTIFY.
///
/// Apart from the session, for a copy of that would share, and so copy on the next write, its whole replay buffer.
struct GatewayIdentity: Sendable {
    let id: String
    let application: ApplicationID
    let intents: GatewayIntents
    let shard: Int
    let shardCount: Int

    var bot: UserID { UserID(application.rawValue) }

    /// Whether an event of that guild (or of none) belongs to this shard.
    func covers(_ guild: GuildID?) -> Bool {
        guard let guild else { return shard == 0 }
        return guild.shard(of: shardCount) == shard
    }
}

/// One gateway session: what survives a lost connection until it is resumed or forgotten.
struct GatewaySession: Sendable {
    /// Events kept for a resume; more, and the session cannot be resumed from before them.
    static let replayLimit = 20_000
    static let replayBytes = 32 << 20
    /// How long a session without a connection waits for its resume.
    static let lifetime: EpochMilliseconds = 180_000

    let identity: GatewayIdentity
    var connection: GatewayState.ConnectionID?
    private(set) var sequence = 0
    private var replay: Deque<(sequence: Int, frame: [UInt8])> = []
    private var replaySize = 0
    /// When it lost its connection.
    var detachedAt: EpochMilliseconds?
    /// When op 8 last asked for all members of a guild.
    var lastMemberRequest: [GuildID: EpochMilliseconds] = [:]

    init(identity: GatewayIdentity, connection: GatewayState.ConnectionID) {
        self.identity = identity
        self.connection = connection
    }

    /// The frame of an event, numbered and kept for a resume.
    mutating func frame(name: String, payload: [UInt8]) -> [UInt8] {
        sequence += 1
        var frame: [UInt8] = []
        frame.reserveCapacity(payload.count + name.utf8.count + 48)
        frame += #"{"t":""#.utf8
        frame += name.utf8
        frame += #"","s":"#.utf8
        frame += String(sequence).utf8
        frame += #","op":0,"d":"#.utf8
        frame += payload
        frame.append(UInt8(ascii: "}"))
        replay.append((sequence, frame))
        replaySize += frame.count
        while replay.count > Self.replayLimit || replaySize > Self.replayBytes, let first = replay.popFirst() {
            replaySize -= first.frame.count
        }
        return frame
    }

    /// What came after a sequence number; nil when it can no longer be told.
    func frames(after sequence: Int) -> [[UInt8]]? {
        if sequence == self.sequence { return [] }
        guard let first = replay.first?.sequence, sequence >= first - 1 else { return nil }
        return replay.drop { $0.sequence <= sequence }.map(\.frame)
    }
}
