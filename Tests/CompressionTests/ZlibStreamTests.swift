import Compression
import Testing

@Suite("zlib-stream")
struct ZlibStreamTests {
    @Test("A message may be split anywhere, its end marker included")
    func split() throws {
        let messages = [sample(300), sample(40_000, seed: 2), sample(20, seed: 3)]
        for step in [1, 2, 3, 1000] {
            var deflater = try StreamDeflater(.zlibStream)
            var inflater = try StreamInflater(.zlibStream)
            for message in messages {
                let compressed = try deflater.deflate(message)
                var result: [UInt8]?
                for start in stride(from: 0, to: compressed.count, by: step) {
                    #expect(result == nil)
                    result = try inflater.read(compressed[start..<min(start + step, compressed.count)])
                }
                #expect(result == message)
            }
        }
    }

    @Test("A cut message waits for the rest")
    func truncated() throws {
        var deflater = try StreamDeflater(.zlibStream)
        let compressed = try deflater.deflate(sample(1000))
        var inflater = try StreamInflater(.zlibStream)
        #expect(try inflater.read(compressed.dropLast(4)) == nil)
        #expect(try inflater.read(compressed.suffix(4)) == sample(1000))
    }

    @Test("A stream that ends before its connection is corrupt")
    func ended() throws {
        // What `zlib.compress(b"{}")` gives, and a sync flush after it.
        let whole: [UInt8] = [0x78, 0x9C, 0xAB, 0xAE, 0x05, 0x00, 0x01, 0x75, 0x00, 0xF9]
        var inflater = try StreamInflater(.zlibStream)
        let error = #expect(throws: CompressionError.self) { try inflater.read(whole) }
        #expect(error?.code == .corrupt)
    }
}
