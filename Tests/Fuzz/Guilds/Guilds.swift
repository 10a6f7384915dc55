import DiscordModel
import Foundation
import FuzzSupport

@testable import GatewayCore

/// GUILD_CREATE's fast reader against `Codable`, and the packed form of guilds: what goes in comes out, and no bytes trap.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzGuilds(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    fuzz(data, count) { bytes in
        // Stored bytes may be anything.
        if let entry = GuildPacking.unpack(Array(bytes)) {
            require(GuildPacking.outline(of: Array(bytes)) == entry.outline, "the outline of a guild is not its own")
            packs(entry)
        }
        guard let guild = Guild(plain: bytes) else { return }
        let other = try? JSONDecoder().decode(Guild.self, from: Data(bytes))
        require(other == guild, "Codable reads another guild")
        packs(GuildEntry(state: GuildState(guild), bots: [], observer: nil))
    }
}

private func packs(_ entry: GuildEntry) {
    let packed = GuildPacking.pack(entry)
    guard let again = GuildPacking.unpack(packed) else { return require(false, "it cannot be unpacked") }
    require(GuildPacking.pack(again) == packed, "a packed guild changes when it is unpacked and packed")
}
