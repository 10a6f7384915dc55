/// A request on its way: which client asked, and its number there.
package struct RequestID: Hashable, Sendable {
    /// A random number that the client keeps for as long as it runs.
    package let client: UInt64
    package let number: UInt64

    package init(client: UInt64, number: UInt64) {
        self.client = client
        self.number = number
    }
}
