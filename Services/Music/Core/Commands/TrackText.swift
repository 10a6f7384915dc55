import BusContract

// How tracks and times look in messages.

extension String {
    /// The text with Discord's markup taken literally, on one line, at most 200 characters: titles come from strangers.
    var quoted: String {
        var result = ""
        for character in prefix(200) {
            if character.isNewline {
                result.append(" ")
                continue
            }
            if "\\*_~`|>#[]()<@:-".contains(character) { result.append("\\") }
            result.append(character)
        }
        return count > 200 ? result + "…" : result
    }
}

enum TimeText {
    /// `3:07`, `1:02:07`.
    static func clock(_ milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds) / 1000
        let tail = two(seconds % 60)
        guard seconds >= 3600 else { return "\(seconds / 60):\(tail)" }
        return "\(seconds / 3600):\(two(seconds / 60 % 60)):\(tail)"
    }

    /// A bar of that many cells with a knob at the position.
    static func bar(position: Int64, length: Int64, cells: Int = 18) -> String {
        guard length > 0, cells > 0 else { return String(repeating: "▬", count: max(0, cells)) }
        let clamped = min(max(0, position), length)
        let knob = min(cells - 1, Int(Double(clamped) / Double(length) * Double(cells)))
        return String(repeating: "▬", count: knob) + "🔘" + String(repeating: "▬", count: cells - 1 - knob)
    }

    private static func two(_ value: Int64) -> String {
        value < 10 ? "0\(value)" : "\(value)"
    }
}

extension Track {
    /// The title, as a link where the source gave a plain https address.
    var linkedTitle: String {
        let isPlain =
            uri.hasPrefix("https://") && uri.utf8.allSatisfy { $0 > 0x20 && $0 != 0x28 && $0 != 0x29 && $0 < 0x7F }
        return isPlain && uri.utf8.count < 300 ? "[\(title.quoted)](<\(uri)>)" : title.quoted
    }

    /// The length, or `live`.
    func lengthText(live: String) -> String {
        isStream ? live : TimeText.clock(length)
    }
}
