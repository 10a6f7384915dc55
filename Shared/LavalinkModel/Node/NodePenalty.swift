#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How bad it would be to give a node one more player; the lowest wins.
///
/// The formula that lavalink.py and the JavaScript clients share. Stats are up to a minute old, so players that were
/// assigned since they came are counted on top; otherwise a burst would all go to one node.
package struct NodePenalty: Hashable, Sendable, Comparable {
    package let value: Double

    /// - Parameters:
    ///   - stats: The newest figures; nil (none yet) counts like an idle node, for a node that has just come up has
    ///     none and may be the only one.
    ///   - pending: Players assigned since `stats` came.
    package init(stats: NodeStats?, pending: Int) {
        guard let stats else {
            value = Double(pending)
            return
        }
        var total = Double(max(0, stats.playingPlayers)) + Double(max(0, pending))
        let load = min(max(stats.cpu?.systemLoad ?? 0, 0), 1)
        total += pow(1.05, 100 * load) * 10 - 10
        if let frames = stats.frameStats {
            let deficit = Double(min(max(0, frames.deficit), 3000))
            let nulled = Double(min(max(0, frames.nulled), 3000))
            total += pow(1.03, 500 * deficit / 3000) * 600 - 600
            total += (pow(1.03, 500 * nulled / 3000) * 300 - 300) * 2
        }
        value = total
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.value < right.value
    }
}
