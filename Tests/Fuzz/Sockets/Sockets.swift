import FuzzSupport
import NIOCore

@testable import WebSocketClient

private let limit = 4096

/// WebSocket frames: the same events and the same error however the bytes are cut, and no message past the limit.
///
/// The first byte says how they are cut.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSockets(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    fuzz(data, count) { bytes in
        guard let first = bytes.first else { return }
        let rest = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        var cuts = Cuts(seed: first)
        let whole = events(of: [rest])
        let cut = events(of: cuts.pieces(of: rest))
        require(whole.events == cut.events, "other events when it is cut")
        require(whole.error?.code == cut.error?.code, "another error when it is cut")
    }
}

private func events(of chunks: [UnsafeRawBufferPointer]) -> (events: [FrameDecoder.Event], error: WebSocketError?) {
    var decoder = FrameDecoder(maximumMessageSize: limit)
    var events: [FrameDecoder.Event] = []
    do throws(WebSocketError) {
        for chunk in chunks {
            decoder.append(ByteBuffer(bytes: chunk))
            while let event = try decoder.next() {
                if case .message(let message) = event {
                    require(message.payload.readableBytes <= limit, "more than the limit")
                }
                events.append(event)
            }
        }
        return (events, nil)
    } catch {
        return (events, error)
    }
}
