import BusContract
import FuzzSupport
import MessageBus

/// The two readings of a header agree, and headers and envelopes survive being written.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHeaders(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    fuzz(data, count) { bytes in
        header(bytes)
        envelope(bytes)
        _ = EventBatch.isAnnounced(by: bytes)
    }
}

private func header(_ bytes: UnsafeRawBufferPointer) {
    let outline = try? HeaderOutline(decoding: bytes)
    do throws(WireError) {
        let header = try Header(decoding: bytes)
        require(outline == HeaderOutline(header), "the outline says otherwise")
        let encoded = header.encoded
        require((try? Header(decoding: encoded)) == header, "written, it reads otherwise")
        require(encoded.count <= header.encodedBound, "larger than its bound")
    } catch {
        // Texts are what an outline passes over.
        require(outline == nil || error.code == .badText || error.code == .badValue, "the outline takes \(error)")
    }
}

private func envelope(_ bytes: UnsafeRawBufferPointer) {
    guard let envelope = try? Envelope(decoding: bytes) else { return }
    require((try? Envelope(decoding: envelope.encoded)) == envelope, "written, the envelope reads otherwise")
}
