import Hummingbird
import NIOCore

/// The connection is to break: thrown out of a response's body.
private struct BrokenOnPurpose: Error {}

extension LanguageModelDouble {
    /// What happens next on a stream of events.
    enum StreamStep: Equatable {
        case wait(Duration)
        case write([UInt8])
        case breakConnection
    }

    /// Which piece of the answer the faults of the stream spoil.
    private static let spoiltPiece = 4

    /// The steps of a stream: each piece of text comes with the delay of a token; a fault adds delays, ends the stream
    /// before its fourth piece, or leaves out its end.
    ///
    /// - Parameters:
    ///   - ending: bytes that follow the last event.
    ///   - failure: the event that tells of an error inside the stream.
    static func steps(
        _ events: [ServerEvent],
        ending: [UInt8],
        failure: ServerEvent,
        fault: Fault<ModelFault.Kind>?,
        configuration: Configuration
    ) -> [StreamStep] {
        var steps: [StreamStep] = []
        func wait(_ delay: Duration) {
            if delay > .zero { steps.append(.wait(delay)) }
        }
        let delay = Duration.milliseconds(Int64(fault?.wait ?? 0))
        wait(configuration.firstTokenDelay + (fault?.kind == .stalled ? delay : .zero))
        var pieces = 0
        for event in events {
            if event.isPaced {
                pieces += 1
                if pieces == spoiltPiece, let end = spoiltEnd(by: fault, event, failure) { return steps + [end] }
                wait(configuration.tokenDelay + (fault?.kind == .slow ? delay : .zero))
            }
            if fault?.kind == .noEnd, pieces > 0, !event.isPaced { return steps }
            steps.append(.write(event.bytes))
        }
        return ending.isEmpty ? steps : steps + [.write(ending)]
    }

    private static func spoiltEnd(
        by fault: Fault<ModelFault.Kind>?,
        _ event: ServerEvent,
        _ failure: ServerEvent
    ) -> StreamStep? {
        switch fault?.kind {
        case .brokenStream: .breakConnection
        // Half an event: what is left of it is no JSON.
        case .malformedChunk: .write(Array(event.bytes.prefix(event.bytes.count / 2)) + Array("\n\n".utf8))
        case .errorInStream: .write(failure.bytes)
        default: nil
        }
    }

    /// Answers with a stream that does those steps.
    func stream(
        _ events: [ServerEvent],
        ending: [UInt8],
        failure: ServerEvent,
        fault: Fault<ModelFault.Kind>?
    ) -> Response {
        let steps = Self.steps(
            events,
            ending: ending,
            failure: failure,
            fault: fault,
            configuration: configuration
        )
        let clock = configuration.clock
        let body = ResponseBody { writer in
            for step in steps {
                switch step {
                case .wait(let delay): try await clock.sleep(for: delay)
                case .write(let bytes): try await writer.write(ByteBuffer(bytes: bytes))
                case .breakConnection: throw BrokenOnPurpose()
                }
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache"],
            body: body
        )
    }
}
