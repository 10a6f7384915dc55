/// One event of a stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
struct ServerEvent: Sendable, Equatable {
    /// The event's name; nil for the unnamed events of OpenAI's dialect.
    var name: String?
    var data: JSONValue
    /// A piece of the answer: it comes with the delay of a token.
    var isPaced = false

    init(name: String? = nil, data: JSONValue) {
        self.name = name
        self.data = data
    }

    /// The event as it goes over the wire.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        if let name { bytes += Array("event: \(name)\n".utf8) }
        bytes += "data: ".utf8
        bytes += data.bytes
        bytes += "\n\n".utf8
        return bytes
    }
}
