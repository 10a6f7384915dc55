/// How a subscriber learns that the switchboard knows its filters: it subscribes, last, to a topic that nobody else
/// has, and the switchboard publishes one empty event on it when that subscription arrives.
package enum SubscriptionOpening {
    package static let prefix = "bus.open."

    package static func topic(nonce: UInt64) -> String {
        "\(prefix)\(nonce)."
    }
}
