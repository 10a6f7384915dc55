import DiscordModel

/// Which shards of how many this process runs, of every bot.
///
/// All bots of a fleet have the same number of shards, although Discord would let each have its own: a guild's events
/// then come to one process from all our bots in it, and its observer is chosen there.
struct ShardPlan: Equatable, Sendable {
    /// How many shards each bot has, over all processes; 1 or more.
    let count: Int
    /// Those of this process.
    let own: Range<Int>

    static let single = ShardPlan(count: 1)

    /// All shards in this process.
    init(count: Int) {
        self.init(count: count, own: 0..<count)
    }

    init(count: Int, own: Range<Int>) {
        self.count = max(count, 1)
        self.own = own.clamped(to: 0..<self.count)
    }

    /// The shard that Discord sends a guild's events to (gateway documentation, "Sharding").
    func shard(of guild: GuildID) -> Int {
        Int((guild.rawValue >> 22) % UInt64(count))
    }
}

/// What an operator wants of sharding: `GATEWAY_SHARDS`.
enum ShardingSetting: Equatable, Sendable {
    /// As many as Discord recommends for the largest of the bots, all in this process.
    case automatic
    /// So many, all in this process.
    case fixed(Int)
    /// Those of so many; other processes run the others.
    case range(Range<Int>, of: Int)

    /// The most shards that anybody has: a larger number is a slip of the hand.
    static let most = 16_384

    static let form = "auto, a number of shards such as 4, or this process's part of them such as 0-3/8"

    /// Reads `auto`, `4`, `0-3/8` or `5/8`; nil for anything else.
    init?(_ text: String) {
        if text == "auto" {
            self = .automatic
            return
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let last = parts.last, let count = Self.number(last), (1...Self.most).contains(count) else { return nil }
        switch parts.count {
        case 1:
            self = .fixed(count)
        case 2:
            let bounds = parts[0].split(separator: "-", omittingEmptySubsequences: false)
            guard (1...2).contains(bounds.count), let first = Self.number(bounds[0]),
                let end = Self.number(bounds[bounds.count - 1]), first <= end, end < count
            else { return nil }
            self = .range(first..<end + 1, of: count)
        default:
            return nil
        }
    }

    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    /// Decides the plan.
    ///
    /// A change of the count ends every session of every bot, so the count of before is kept for as long as it can be:
    /// Discord recommends a shard for every thousand guilds and refuses sessions with more than 2,500.
    ///
    /// - Parameters:
    ///   - current: the count of before; 1 for a new fleet.
    ///   - recommended: what Discord says of the bots; empty when it could not be asked.
    ///   - isRefused: Discord has refused sessions with the count of before (close code 4011).
    func plan(current: Int, recommended: [Int], isRefused: Bool = false) -> ShardPlan {
        switch self {
        case .fixed(let count): return ShardPlan(count: count)
        case .range(let own, let count): return ShardPlan(count: count, own: own)
        case .automatic:
            let current = min(max(current, 1), Self.most)
            let wanted = min(recommended.max() ?? current, Self.most)
            let isEnough = isRefused ? wanted <= current : wanted <= 2 * current
            return ShardPlan(count: isEnough ? current : wanted)
        }
    }
}
