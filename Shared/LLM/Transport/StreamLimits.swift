/// How long each phase of an answer may take, and how large it may become.
package struct StreamLimits: Sendable, Hashable {
    /// Until the connection stands (TCP and TLS).
    package var connect: Duration
    /// From the request until the first piece of the answer.
    package var firstToken: Duration
    /// Between two receipts of bytes once the answer has begun.
    package var idle: Duration
    /// From the request to the end of the answer.
    package var total: Duration
    /// Bytes of one HTTP answer, headers not counted.
    package var maximumBytes: Int

    package init(
        connect: Duration = .seconds(5),
        firstToken: Duration = .seconds(45),
        idle: Duration = .seconds(20),
        total: Duration = .seconds(240),
        maximumBytes: Int = 4 << 20
    ) {
        self.connect = connect
        self.firstToken = firstToken
        self.idle = idle
        self.total = total
        self.maximumBytes = maximumBytes
    }
}
