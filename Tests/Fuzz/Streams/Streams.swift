import Compression
import FuzzSupport

private let limit = 100_000

/// Compressed streams: whatever comes, no more than the limit comes out and an error is the last word; what was
/// compressed comes out as it was.
///
/// The first byte says which algorithm and whether the rest is a stream or messages to compress, the second how it is cut.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzStreams(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    fuzz(data, count) { bytes in
        guard count > 2 else { return }
        let compression: TransportCompression = bytes[0] & 1 == 0 ? .zlibStream : .zstdStream
        var cuts = Cuts(seed: bytes[1])
        let rest = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(2))
        if bytes[0] & 2 == 0 {
            let whole = messages(of: [rest], compression)
            let cut = messages(of: cuts.pieces(of: rest), compression)
            // zstd's messages end with their chunks, zlib's with a mark: without one at the end, whole is no message.
            if compression == .zlibStream, rest.suffix(4).elementsEqual([0, 0, 0xFF, 0xFF]), let whole, let cut {
                require(whole.joined().elementsEqual(cut.joined()), "another text when it is cut")
            }
        } else {
            roundTrip(cuts.pieces(of: rest), compression)
        }
    }
}

/// The messages that chunks give; nil if the stream is broken.
private func messages(of chunks: [UnsafeRawBufferPointer], _ compression: TransportCompression) -> [[UInt8]]? {
    guard var inflater = try? StreamInflater(compression, maximumMessageSize: limit) else { return nil }
    var messages: [[UInt8]] = []
    for chunk in chunks {
        do {
            if let message = try inflater.consume(chunk, { Array($0) }) {
                require(message.count <= limit, "more than the limit")
                messages.append(message)
            }
        } catch {
            require((try? inflater.consume(chunk) { _ in }) == nil, "it goes on after an error")
            return nil
        }
    }
    return messages
}

private func roundTrip(_ messages: [UnsafeRawBufferPointer], _ compression: TransportCompression) {
    guard var deflater = try? StreamDeflater(compression, level: 1),
        var inflater = try? StreamInflater(compression, maximumMessageSize: limit)
    else { return }
    for message in messages {
        guard let compressed = try? deflater.deflate(message) else { return require(false, "cannot be compressed") }
        let result = compressed.withUnsafeBytes { chunk in
            Result { try inflater.consume(chunk) { $0.elementsEqual(message) } }
        }
        require((try? result.get()) == true, "another message: \(result)")
    }
}
