import Compression
import Testing

/// What holds for every transport compression.
@Suite("Transport compression")
struct StreamCompressionTests {
    static let compressed: [TransportCompression] = [.zlibStream, .zstdStream]

    @Test(
        "Messages come out whole, one context for all, of any size up to many blocks",
        arguments: TransportCompression.allCases
    )
    func roundTrip(compression: TransportCompression) throws {
        var deflater = try StreamDeflater(compression)
        var inflater = try StreamInflater(compression)
        for (index, size) in [1, 100, 70_000, 5, 131_072, 131_073, 1_400_000, 3].enumerated() {
            let message = sample(size, seed: UInt64(index))
            #expect(try inflater.read(deflater.deflate(message)) == message)
        }
    }

    @Test("What a message repeats of earlier ones costs next to nothing", arguments: compressed)
    func sharedContext(compression: TransportCompression) throws {
        var deflater = try StreamDeflater(compression)
        var inflater = try StreamInflater(compression)
        let message = sample(3000)
        let first = try deflater.deflate(message)
        let second = try deflater.deflate(message)
        #expect(second.count * 10 < first.count)
        #expect(try inflater.read(first) == message)
        #expect(try inflater.read(second) == message)
        // Another connection's context knows nothing of the first.
        var stranger = try StreamInflater(compression)
        #expect(throws: CompressionError.self) { try stranger.read(second) }
    }

    @Test("Twenty thousand messages of changing sizes pass through one context", arguments: compressed)
    func longStream(compression: TransportCompression) throws {
        var deflater = try StreamDeflater(compression, level: 1)
        var inflater = try StreamInflater(compression)
        for index in 0..<20_000 {
            let message = sample(1 + index * 7919 % 900, seed: UInt64(index % 50))
            guard try inflater.read(deflater.deflate(message)) == message else {
                Issue.record("message \(index) is another")
                return
            }
        }
    }

    @Test("A message past the limit is refused before it fills the memory", arguments: compressed)
    func bomb(compression: TransportCompression) throws {
        var deflater = try StreamDeflater(compression, level: 9)
        let bomb = try deflater.deflate([UInt8](repeating: 0, count: 2_000_000))
        #expect(bomb.count < 10_000)
        var inflater = try StreamInflater(compression, maximumMessageSize: 1_000_000)
        let error = #expect(throws: CompressionError.self) { try inflater.read(bomb) }
        #expect(error?.code == .tooLarge)
        #expect(throws: CompressionError.self) { try inflater.read([0x00]) }
    }

    @Test("A message of exactly the limit passes, one byte more does not", arguments: TransportCompression.allCases)
    func limit(compression: TransportCompression) throws {
        for limit in [1000, 100_000, 131_072, 300_000] {
            for random in [true, false] {
                let message = random ? sample(limit) : [UInt8](repeating: 7, count: limit)
                var deflater = try StreamDeflater(compression)
                var inflater = try StreamInflater(compression, maximumMessageSize: limit)
                #expect(try inflater.read(deflater.deflate(message)) == message)
                let error = #expect(throws: CompressionError.self) {
                    try inflater.read(deflater.deflate(message + [1]))
                }
                #expect(error?.code == .tooLarge)
            }
        }
    }

    @Test("A chunk larger than any message is refused unread", arguments: TransportCompression.allCases)
    func oversizeChunk(compression: TransportCompression) throws {
        var inflater = try StreamInflater(compression, maximumMessageSize: 1000)
        let error = #expect(throws: CompressionError.self) { try inflater.read(sample(1001)) }
        #expect(error?.code == .tooLarge)
    }

    @Test("Garbage, damage and a wrong header are corrupt and stay so", arguments: compressed)
    func corrupt(compression: TransportCompression) throws {
        var garbage = try StreamInflater(compression)
        let error = #expect(throws: CompressionError.self) { try garbage.read(Array("this is no stream".utf8)) }
        #expect(error?.code == .corrupt)

        var deflater = try StreamDeflater(compression)
        var bytes = try deflater.deflate(sample(10_000))
        for index in 2..<40 { bytes[index] ^= 0xFF }
        var damaged = try StreamInflater(compression)
        #expect(throws: CompressionError.self) { try damaged.read(bytes) }
        let later = #expect(throws: CompressionError.self) { try damaged.read([0x00, 0x00, 0xFF, 0xFF]) }
        #expect(later?.message == "the stream has already failed")
    }

    @Test(
        "A damaged byte anywhere gives an error or another message, and never more than the limit",
        arguments: compressed
    )
    func everyDamage(compression: TransportCompression) throws {
        var deflater = try StreamDeflater(compression)
        let whole = try deflater.deflate(sample(500))
        for index in whole.indices {
            for flip in [0x01, 0x80, 0xFF] as [UInt8] {
                var bytes = whole
                bytes[index] ^= flip
                var inflater = try StreamInflater(compression, maximumMessageSize: 2000)
                let result = try? inflater.read(bytes)
                #expect((result?.count ?? 0) <= 2000)
            }
        }
    }

    @Test("An empty chunk is nothing", arguments: compressed)
    func empty(compression: TransportCompression) throws {
        var inflater = try StreamInflater(compression)
        #expect(try inflater.read([]) == nil)
    }

    @Test("The query of a gateway's address names the compression; anything else is unknown")
    func query() {
        #expect(TransportCompression(query: nil) == .plain)
        #expect(TransportCompression(query: "") == .plain)
        #expect(TransportCompression(query: "zlib-stream") == .zlibStream)
        #expect(TransportCompression(query: "zstd-stream") == .zstdStream)
        for unknown in ["none", "zstd", "ZLIB-STREAM", "gzip"] { #expect(TransportCompression(query: unknown) == nil) }
    }
}
