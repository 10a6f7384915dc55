import BusContract
import CommandKit
import DiscordModel
import MusicCore
import Testing

@Suite("Texts of music")
struct MusicTextsTests {
    @Test("every language has every text with the same arguments")
    func complete() throws {
        #expect(try MusicTexts.catalogue().problems == [])
    }
}
