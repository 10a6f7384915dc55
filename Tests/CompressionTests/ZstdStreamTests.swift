import Compression
import Testing

@Suite("zstd-stream")
struct ZstdStreamTests {
    @Test("A message cut anywhere is an error, and never a message with another end")
    func truncated() throws {
        for size in [40, 5000] {
            var deflater = try StreamDeflater(.zstdStream)
            let first = try deflater.deflate(sample(300))
            let compressed = try deflater.deflate(sample(size, seed: 9))
            for count in 1..<compressed.count {
                var inflater = try StreamInflater(.zstdStream)
                #expect(try inflater.read(first) == sample(300))
                let error = #expect(throws: CompressionError.self) { try inflater.read(compressed.prefix(count)) }
                #expect(error?.code == .corrupt)
            }
        }
    }

    @Test("The first message may not be cut in the frame's header; the header alone is no message yet")
    func cutHeader() throws {
        var deflater = try StreamDeflater(.zstdStream)
        let compressed = try deflater.deflate(sample(100))
        for count in 1..<6 {
            var inflater = try StreamInflater(.zstdStream)
            #expect(throws: CompressionError.self) { try inflater.read(compressed.prefix(count)) }
        }
        var inflater = try StreamInflater(.zstdStream)
        #expect(try inflater.read(compressed.prefix(6)) == nil)
        #expect(try inflater.read(compressed.dropFirst(6)) == sample(100))
    }

    @Test("Windows up to 8 MB are taken, larger ones refused before their memory is")
    func window() throws {
        for (log, isTaken) in [(10, true), (21, true), (23, true), (24, false), (27, false)] as [(Int32, Bool)] {
            var deflater = try StreamDeflater(.zstdStream, level: 1, window: log)
            let compressed = try deflater.deflate(sample(100))
            var inflater = try StreamInflater(.zstdStream)
            if isTaken {
                #expect(try inflater.read(compressed) == sample(100))
            } else {
                let error = #expect(throws: CompressionError.self) { try inflater.read(compressed) }
                #expect(error?.code == .tooLarge)
                #expect(error?.message == "the zstd stream needs a window of more than 8388608 bytes")
            }
        }
    }

    @Test("A frame that ends with a message is followed by the next one")
    func frames() throws {
        // A frame of its own with one raw block `{}`: magic, single segment of 2 bytes, last block.
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x02, 0x11, 0x00, 0x00, 0x7B, 0x7D]
        var inflater = try StreamInflater(.zstdStream)
        #expect(try inflater.read(frame) == Array("{}".utf8))
        #expect(try inflater.read(frame) == Array("{}".utf8))
        var deflater = try StreamDeflater(.zstdStream)
        #expect(try inflater.read(deflater.deflate(sample(100))) == sample(100))
    }

    @Test("A block that repeats one byte is the smallest bomb; it is refused")
    func runLength() throws {
        // Window of 8 MB, then blocks that each repeat a byte 131,072 times: 4 bytes for 128 kB.
        var bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x68]
        for _ in 0..<200 { bytes += [0x02, 0x00, 0x10, 0x20] }
        var inflater = try StreamInflater(.zstdStream)
        let error = #expect(throws: CompressionError.self) { try inflater.read(bytes) }
        #expect(error?.code == .tooLarge)
    }
}
