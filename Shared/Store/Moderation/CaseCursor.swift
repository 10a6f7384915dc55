package import DiscordModel

/// A place in the list of cases: the case after which the next page begins.
package struct CaseCursor: Hashable, Sendable {
    package let guild: GuildID
    package let number: Int

    package init(guild: GuildID, number: Int) {
        self.guild = guild
        self.number = number
    }
}

extension CaseCursor: LosslessStringConvertible {
    /// Reads `<guild>-<number>`.
    package init?(_ description: String) {
        let parts = description.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let guild = UInt64(parts[0]), let number = Int32(parts[1]), number > 0
        else {
            return nil
        }
        self.init(guild: GuildID(guild), number: Int(number))
    }

    package var description: String { "\(guild.rawValue)-\(number)" }
}
