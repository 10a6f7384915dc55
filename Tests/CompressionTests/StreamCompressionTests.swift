import Compression
import Testing

@Suite("zlib-stream")
struct StreamCompressionTests {
    /// Text with the redundancy of JSON, of the given size.
    private func sample(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(ascii: "a") + UInt8(truncatingIfNeeded: state >> 60)
        }
    }

    private func consume(_ inflater: inout StreamInflater, _ chunk: some Sequence<UInt8>) throws -> [UInt8]? {
        let bytes = Array(chunk)
        return try bytes.withUnsafeBytes { try inflater.consume($0) { Array($0) } }
    }

    @Test("Messages come out whole, one context for all, of any size up to many blocks")
    func roundTrip() throws {
        var deflater = try StreamDeflater()
        var inflater = try StreamInflater()
        for (index, size) in [1, 0, 100, 70_000, 5, 1_400_000, 3].enumerated() where size > 0 {
            let message = sample(size, seed: UInt64(index))
            #expect(try consume(&inflater, deflater.deflate(message)) == message)
        }
    }

    @Test("A message may be split anywhere, its end marker included")
    func split() throws {
        let messages = [sample(300), sample(40_000, seed: 2), sample(20, seed: 3)]
        for step in [1, 2, 3, 1000] {
            var deflater = try StreamDeflater()
            var inflater = try StreamInflater()
            for message in messages {
                let compressed = try deflater.deflate(message)
                var result: [UInt8]?
                for start in stride(from: 0, to: compressed.count, by: step) {
                    #expect(result == nil)
                    result = try consume(&inflater, compressed[start..<min(start + step, compressed.count)])
                }
                #expect(result == message)
            }
        }
    }

    @Test("A message past the limit is refused before it fills the memory")
    func bomb() throws {
        var deflater = try StreamDeflater(level: 9)
        let compressed = try deflater.deflate([UInt8](repeating: 0, count: 2_000_000))
        #expect(compressed.count < 10_000)
        var inflater = try StreamInflater(maximumMessageSize: 1_000_000)
        let error = #expect(throws: CompressionError.self) { try consume(&inflater, compressed) }
        #expect(error?.code == .tooLarge)
        #expect(throws: CompressionError.self) { try consume(&inflater, [0x00]) }
    }

    @Test("A message of exactly the limit passes")
    func limit() throws {
        var deflater = try StreamDeflater()
        var inflater = try StreamInflater(maximumMessageSize: 100_000)
        let message = sample(100_000)
        #expect(try consume(&inflater, deflater.deflate(message)) == message)
    }

    @Test("Garbage, damage and a wrong header are corrupt and stay so")
    func corrupt() throws {
        var garbage = try StreamInflater()
        #expect(throws: CompressionError.self) { try consume(&garbage, Array("this is no zlib".utf8)) }

        var deflater = try StreamDeflater()
        var compressed = try deflater.deflate(sample(10_000))
        for index in stride(from: 2, to: 40, by: 1) { compressed[index] ^= 0xFF }
        var damaged = try StreamInflater()
        #expect(throws: CompressionError.self) { try consume(&damaged, compressed) }
        #expect(throws: CompressionError.self) { try consume(&damaged, [0x00, 0x00, 0xFF, 0xFF]) }
    }

    @Test("A cut message waits for the rest")
    func truncated() throws {
        var deflater = try StreamDeflater()
        let compressed = try deflater.deflate(sample(1000))
        var inflater = try StreamInflater()
        #expect(try consume(&inflater, compressed.dropLast(4)) == nil)
        #expect(try consume(&inflater, compressed.suffix(4)) == sample(1000))
    }

    @Test("An empty chunk is nothing")
    func empty() throws {
        var inflater = try StreamInflater()
        #expect(try consume(&inflater, []) == nil)
    }
}
