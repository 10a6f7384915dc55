/// A pattern for names of channels: `*` stands for any characters, `?` for one, everything else for itself.
///
/// It compares what readers see: letters of either case, and characters however they are composed, so that Hangul typed
/// as syllables matches Hangul stored as single letters. A pattern with a slash is held against `category/channel`, any
/// other against the channel's name alone.
package struct ChannelGlob: Hashable, Sendable {
    /// As it was written.
    package let text: String
    private let pattern: [Character]
    private let namesCategory: Bool

    package init(_ text: String) {
        self.text = text
        // Two Characters are equal when they are canonically equivalent: no form of normalisation has to be chosen.
        pattern = Array(text.lowercased())
        namesCategory = pattern.contains("/")
    }

    /// Whether the channel is meant; one without a name never is.
    package func matches(channel: String, category: String) -> Bool {
        guard !channel.isEmpty else { return false }
        return matches(Array((namesCategory ? "\(category)/\(channel)" : channel).lowercased()))
    }

    /// Only the latest star is ever widened again, so that the work is bounded by the product of both lengths.
    private func matches(_ name: [Character]) -> Bool {
        var (position, place) = (0, 0)
        var star: (place: Int, position: Int)?
        while position < name.count {
            if place < pattern.count, pattern[place] == "*" {
                star = (place, position)
                place += 1
            } else if place < pattern.count, pattern[place] == "?" || pattern[place] == name[position] {
                place += 1
                position += 1
            } else if let last = star {
                star = (last.place, last.position + 1)
                place = last.place + 1
                position = last.position + 1
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == "*" }
    }
}
