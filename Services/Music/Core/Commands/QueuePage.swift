import BusContract
import CommandKit
import DiscordModel
import Store

/// One page of a queue, as a message with buttons to its neighbours. Pure.
struct QueuePage: Sendable {
    static let size = 10
    static let prefix = "queue:"

    let playback: Playback
    /// From 0; beyond the end stands for the last.
    let page: Int

    var pages: Int { max(1, (playback.queue.count + Self.size - 1) / Self.size) }
    var shown: Int { min(max(0, page), pages - 1) }

    /// The player and page that a button names.
    static func read(_ customID: String) -> (bot: BotID, page: Int)? {
        let parts = customID.split(separator: ":")
        guard parts.count == 3, parts[0] == "queue", let bot = BotID(rawValue: String(parts[1])),
            let page = Int(parts[2])
        else { return nil }
        return (bot, page)
    }

    func message(_ text: (String, [String: String]) -> String) -> OutgoingMessage {
        let live = text("music.live", [:])
        var lines: [String] = []
        if let current = playback.current {
            let time = current.track.lengthText(live: live)
            lines.append("▶️ \(current.track.linkedTitle) `\(time)` <@\(current.requester)>")
        }
        let start = shown * Self.size
        for (index, entry) in playback.queue.dropFirst(start).prefix(Self.size).enumerated() {
            let time = entry.track.lengthText(live: live)
            lines.append("`\(start + index + 1).` \(entry.track.linkedTitle) `\(time)` <@\(entry.requester)>")
        }
        if playback.queue.isEmpty { lines.append(text("music.queueEmpty", [:])) }
        let all = playback.queue.filter { !$0.track.isStream }.reduce(Int64(0)) { sum, entry in
            let (total, overflow) = sum.addingReportingOverflow(entry.track.length)
            return overflow ? .max : total
        }
        let footer = text(
            "music.queueFooter",
            [
                "count": "\(playback.queue.count)", "time": TimeText.clock(all), "page": "\(shown + 1)",
                "pages": "\(pages)",
            ]
        )
        let embed = Embed(
            title: text("music.queueTitle", [:]),
            description: fitted("<#\(playback.player.channel)>", lines),
            color: 0x5865F2,
            footer: .init(text: footer)
        )
        return OutgoingMessage(embeds: [embed], components: pages > 1 ? [buttons] : [])
    }

    /// As many lines as Discord takes: a description has at most 4096 characters.
    private func fitted(_ head: String, _ lines: [String]) -> String {
        var result = head
        for line in lines {
            guard result.utf16.count + line.utf16.count < 4000 else { return result + "\n…" }
            result += "\n" + line
        }
        return result
    }

    private var buttons: ActionRow {
        let bot = playback.player.key.bot
        return ActionRow([
            Button("◀", customID: "\(Self.prefix)\(bot):\(shown - 1)", isDisabled: shown == 0),
            Button("▶", customID: "\(Self.prefix)\(bot):\(shown + 1)", isDisabled: shown == pages - 1),
        ])
    }
}
