/// Answers libzmq's questions about log-ins in its context: one socket at the address that ZAP fixes.
///
/// Poll its `socket` and call `answerWaiting` when it is readable. Make it before any socket with security binds:
/// libzmq lets everybody in while no handler is bound.
package final class ZAPHandler {
    package let socket: Socket
    private let frame = Frame()
    private let decide: (ZAPRequest) -> ZAPVerdict

    package init(context: ZeroMQContext, decide: @escaping (ZAPRequest) -> ZAPVerdict) throws(ZeroMQError) {
        var options = SocketOptions()
        options.sendHighWaterMark = 1000
        options.receiveHighWaterMark = 1000
        // A client that has gone meanwhile needs no answer.
        options.isRouterMandatory = false
        // A ROUTER and not a REP: a question that we cannot read must not block the ones behind it.
        self.socket = try Socket(.router, options: options, context: context)
        self.decide = decide
        try socket.bind("inproc://zeromq.zap.01")
    }

    /// Answers every waiting question; one that is malformed is passed over, and its client's log-in times out.
    package func answerWaiting() throws(ZeroMQError) {
        while try socket.receive(into: frame) {
            var frames = [frame.bytes]
            while frame.hasMore, try socket.receive(into: frame) {
                frames.append(frame.bytes)
            }
            // [identity, "", question…], since the asker is a REQ by contract.
            guard frames.count > 2, frames[1].isEmpty, let request = ZAPRequest(frames: Array(frames[2...])) else {
                continue
            }
            let answer = frames[..<2] + request.answer(decide(request))
            for (index, part) in answer.enumerated() {
                _ = try socket.send(part, more: index < answer.count - 1)
            }
        }
    }
}
