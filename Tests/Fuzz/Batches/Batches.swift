import BusContract
import FuzzSupport

/// The events of a batch lie within it, are as many as are counted, and survive being written.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBatches(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    fuzz(data, count) { bytes in
        guard let events = events(of: bytes) else { return }
        require(EventBatch.count(of: bytes) <= events.count, "more are counted than read")
        let size = events.reduce(0) { $0 + EventBatch.size(header: $1.header.count, payload: $1.payload.count) }
        let written = ProtoWriter.bytes(bound: size) { writer in
            for event in events {
                event.header.withUnsafeBytes { header in
                    event.payload.withUnsafeBytes { EventBatch.write(header: header, payload: $0, with: &writer) }
                }
            }
        }
        require(written.count == size, "\(written.count) bytes, not \(size)")
        written.withUnsafeBytes { again in
            require(EventBatch.count(of: again) == events.count, "another count")
            require(FuzzBatches.events(of: again) == events, "written, they read otherwise")
        }
    }
}

private struct Event: Equatable {
    var header: [UInt8]
    var payload: [UInt8]
}

/// Nil for a damaged batch.
private func events(of bytes: UnsafeRawBufferPointer) -> [Event]? {
    var reader = EventBatch.Reader(bytes)
    var events: [Event] = []
    do throws(WireError) {
        while let event = try reader.next() {
            require(event.header.upperBound <= bytes.count && event.payload.upperBound <= bytes.count, "outside")
            events.append(Event(header: Array(bytes[event.header]), payload: Array(bytes[event.payload])))
        }
        return events
    } catch {
        return nil
    }
}
