/// Splits a byte stream into server-sent events; chunk boundaries may fall anywhere, also inside a UTF-8 sequence or
/// between CR and LF.
///
/// Source: WHATWG HTML, "Server-sent events", sections "Parsing" and "Interpreting an event stream". `id:` and
/// `retry:` are read over: a model's answer is not reconnected to. Invalid UTF-8 becomes U+FFFD, as the standard says.
package struct ServerSentEventParser: Sendable {
    /// The bytes of the unfinished line.
    private var line: [UInt8] = []
    private var name = ""
    private var data = ""
    private var hasData = false
    /// The last byte was a CR: an LF that follows belongs to the same line end.
    private var sawCarriageReturn = false
    private var isFirstLine = true
    /// The largest event in bytes.
    private let limit: Int

    /// - Parameter limit: Bytes that one line, and the data of one event, may have.
    package init(limit: Int = 1 << 20) {
        self.limit = limit
    }

    /// Takes the next bytes and gives the events that they complete.
    ///
    /// - Throws: `.badResponse` when a line or an event outgrows the limit; the parser is of no use afterwards.
    package mutating func feed(_ bytes: some Sequence<UInt8>) throws(LanguageModelError) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            let followsCarriageReturn = sawCarriageReturn
            sawCarriageReturn = false
            switch byte {
            case 0x0A where followsCarriageReturn:
                continue
            case 0x0A, 0x0D:
                sawCarriageReturn = byte == 0x0D
                if let event = try endLine() {
                    events.append(event)
                }
            default:
                guard line.count < limit else { throw tooLarge }
                line.append(byte)
            }
        }
        return events
    }

    /// Ends the stream.
    ///
    /// An event whose lines are complete but whose closing blank line is missing is still given: several servers close
    /// right after `data: [DONE]`. An unfinished line is dropped, as the standard says.
    package mutating func end() -> ServerSentEvent? {
        line.removeAll()
        return dispatch()
    }

    private mutating func endLine() throws(LanguageModelError) -> ServerSentEvent? {
        defer {
            line.removeAll(keepingCapacity: true)
            isFirstLine = false
        }
        if isFirstLine, line.starts(with: [0xEF, 0xBB, 0xBF]) {
            line.removeFirst(3)
        }
        guard let first = line.first else { return dispatch() }
        // A comment: servers send it to keep the connection alive.
        guard first != UInt8(ascii: ":") else { return nil }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == UInt8(ascii: " ") {
            value = value.dropFirst()
        }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "data":
            guard data.utf8.count + value.count < limit else { throw tooLarge }
            if hasData {
                data.append("\n")
            }
            data.append(String(decoding: value, as: UTF8.self))
            hasData = true
        case "event":
            name = String(decoding: value, as: UTF8.self)
        default:
            break
        }
        return nil
    }

    private mutating func dispatch() -> ServerSentEvent? {
        defer {
            name = ""
            data = ""
            hasData = false
        }
        return hasData ? ServerSentEvent(name: name, data: data) : nil
    }

    private var tooLarge: LanguageModelError {
        LanguageModelError(.badResponse, "one event of the answer is larger than \(limit) bytes")
    }
}
