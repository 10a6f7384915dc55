/// What a node says about its load, every minute on each session's WebSocket.
///
/// Counts of players are node-wide; `frameStats` is of the one session only and nil until a player has played for a
/// whole minute.
package struct NodeStats: Hashable, Sendable {
    package struct Memory: Hashable, Sendable, Codable {
        /// Bytes.
        package var free: Int64
        package var used: Int64
        package var allocated: Int64
        package var reservable: Int64

        package init(free: Int64, used: Int64, allocated: Int64, reservable: Int64) {
            self.free = free
            self.used = used
            self.allocated = allocated
            self.reservable = reservable
        }
    }

    package struct CPU: Hashable, Sendable {
        package var cores: Int
        /// 0 to 1.
        package var systemLoad: Double
        /// 0 to 1.
        package var lavalinkLoad: Double

        package init(cores: Int, systemLoad: Double, lavalinkLoad: Double) {
            self.cores = cores
            self.systemLoad = systemLoad
            self.lavalinkLoad = lavalinkLoad
        }
    }

    package struct Frames: Hashable, Sendable {
        /// Of 3,000 expected a minute and player.
        package var sent: Int
        package var nulled: Int
        /// May be negative.
        package var deficit: Int

        package init(sent: Int, nulled: Int, deficit: Int) {
            self.sent = sent
            self.nulled = nulled
            self.deficit = deficit
        }
    }

    package var players: Int
    package var playingPlayers: Int
    /// Milliseconds.
    package var uptime: Int64
    package var memory: Memory?
    package var cpu: CPU?
    package var frameStats: Frames?

    package init(
        players: Int,
        playingPlayers: Int,
        uptime: Int64,
        memory: Memory? = nil,
        cpu: CPU? = nil,
        frameStats: Frames? = nil
    ) {
        self.players = players
        self.playingPlayers = playingPlayers
        self.uptime = uptime
        self.memory = memory
        self.cpu = cpu
        self.frameStats = frameStats
    }
}

extension NodeStats: Codable {
    private enum CodingKeys: String, CodingKey {
        case players, playingPlayers, uptime, memory, cpu, frameStats
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        players = container.lenientInt(.players) ?? 0
        playingPlayers = container.lenientInt(.playingPlayers) ?? 0
        uptime = container.lenientInt64(.uptime) ?? 0
        memory = container.lenient(Memory.self, .memory)
        cpu = container.lenient(CPU.self, .cpu)
        frameStats = container.lenient(Frames.self, .frameStats)
    }
}

extension NodeStats.CPU: Codable {
    private enum CodingKeys: String, CodingKey {
        case cores, systemLoad, lavalinkLoad
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        cores = container.lenientInt(.cores) ?? 1
        systemLoad = container.lenientDouble(.systemLoad) ?? 0
        lavalinkLoad = container.lenientDouble(.lavalinkLoad) ?? 0
    }
}

extension NodeStats.Frames: Codable {
    private enum CodingKeys: String, CodingKey {
        case sent, nulled, deficit
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        sent = container.lenientInt(.sent) ?? 0
        nulled = container.lenientInt(.nulled) ?? 0
        deficit = container.lenientInt(.deficit) ?? 0
    }
}
