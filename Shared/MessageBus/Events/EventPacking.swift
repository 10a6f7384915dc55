import BusContract
import ZeroMQ

extension Socket {
    /// Sends events, neighbours of one topic as one message: an `EventBatch`.
    ///
    /// - Parameters:
    ///   - events: messages of three frames each.
    ///   - start: the index of the first one to send.
    /// - Returns: the index of the first event that was not sent because the socket would have to wait.
    func send(events: MessageBatch, from start: Int) throws(ZeroMQError) -> Int {
        try events.withContents { contents in
            Result { () throws(ZeroMQError) -> Int in
                var next = start
                while next < contents.messageEnds.count {
                    let run = EventRun(from: next, of: contents)
                    // libzmq takes or refuses messages whole: only the first frame can be refused.
                    guard try send(contents.frame(0, of: next), more: true) else { break }
                    if run.count == 1 {
                        _ = try send(contents.frame(1, of: next), more: true)
                        _ = try send(contents.frame(2, of: next), more: false)
                    } else {
                        _ = try send(EventBatch.header, more: true)
                        _ = try send(byteCount: run.byteCount, more: false) { run.write(into: $0) }
                    }
                    next += run.count
                }
                return next
            }
        }.get()
    }
}

/// Neighbouring events of one topic that fit into one batch.
private struct EventRun {
    private let contents: MessageBatch.Contents
    private let start: Int
    private(set) var count = 1
    /// What they take as a batch's payload.
    private(set) var byteCount: Int

    init(from start: Int, of contents: MessageBatch.Contents) {
        self.contents = contents
        self.start = start
        byteCount = contents.batchedSize(of: start)
        let topic = contents.frame(0, of: start)
        while start + count < contents.messageEnds.count {
            let size = contents.batchedSize(of: start + count)
            guard byteCount + size <= EventBatch.byteLimit, contents.frame(0, of: start + count).hasSameBytes(as: topic)
            else { break }
            byteCount += size
            count += 1
        }
    }

    func write(into memory: UnsafeMutableRawBufferPointer) {
        var writer = ProtoWriter(memory)
        for event in start..<start + count {
            EventBatch.write(header: contents.frame(1, of: event), payload: contents.frame(2, of: event), with: &writer)
        }
    }
}

extension MessageBatch.Contents {
    /// A frame of an event: topic, header or payload.
    fileprivate func frame(_ number: Int, of event: Int) -> UnsafeRawBufferPointer {
        let frame = event * 3 + number
        let start = frame == 0 ? 0 : frameEnds[frame - 1]
        return UnsafeRawBufferPointer(rebasing: bytes[Int(start)..<Int(frameEnds[frame])])
    }

    fileprivate func batchedSize(of event: Int) -> Int {
        EventBatch.size(header: frame(1, of: event).count, payload: frame(2, of: event).count)
    }
}
