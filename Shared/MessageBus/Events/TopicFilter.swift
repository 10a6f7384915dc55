package import BusContract

/// A prefix of topics that a subscriber asks for.
///
/// Ends in a dot, or is empty for everything: without the dot `discord.iris.1` would match `discord.iris.10.` too.
package struct TopicFilter: Hashable, Sendable {
    package let prefix: String

    /// A missing dot at the end is added.
    package init(_ prefix: String) {
        self.prefix = prefix.isEmpty || prefix.hasSuffix(".") ? prefix : prefix + "."
    }

    /// Everything under a topic.
    package init(_ topic: Topic) {
        self.init(topic.rawValue)
    }

    /// Everything that crosses the bus.
    package static let all = Self("")
}
