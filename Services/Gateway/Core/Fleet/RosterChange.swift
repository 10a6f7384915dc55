import DiscordModel
import Store

/// What the table of bots asks of a process that already has some. Pure.
struct RosterChange: Hashable, Sendable {
    /// Added by an operator, here, to another process, or before this one began.
    var joining: [BotRecord] = []
    /// Removed by an operator.
    var leaving: [BotID] = []

    /// - Parameters:
    ///   - present: the bots of the process.
    ///   - fixed: those of them that stand in `config/fleet.yaml`, where alone they can be taken out.
    ///   - records: the whole table.
    init(present: [BotID], fixed: Set<BotID>, records: [BotRecord]) {
        let added = records.filter { $0.source == .api && !fixed.contains($0.bot) }
        joining = added.filter { !present.contains($0.bot) }
        let wanted = Set(added.map(\.bot))
        leaving = present.filter { !fixed.contains($0) && !wanted.contains($0) }
    }
}
