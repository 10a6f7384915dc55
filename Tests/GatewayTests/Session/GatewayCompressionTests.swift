import Compression
import Testing

@testable import GatewayCore

@Suite("Choice of the compression")
struct GatewayCompressionTests {
    @Test("By itself: zstd over the network, nothing on this machine; else what is set")
    func choice() {
        let discord = "wss://gateway-us-east1-b.discord.gg"
        let here = "ws://127.0.0.1:8090"
        #expect(GatewayCompression.automatic.transport(to: discord) == .zstdStream)
        #expect(GatewayCompression.automatic.transport(to: here) == .plain)
        for address in [discord, here] {
            #expect(GatewayCompression.zstdStream.transport(to: address) == .zstdStream)
            #expect(GatewayCompression.zlibStream.transport(to: address) == .zlibStream)
            #expect(GatewayCompression.none.transport(to: address) == .plain)
        }
    }
}
