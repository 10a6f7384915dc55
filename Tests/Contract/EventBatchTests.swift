import BusContract
import Testing

/// A batch as we write it is one as protobuf reads it, and the other way round.
@Suite struct EventBatchTests {
    struct Line: Codable {
        struct Event: Codable, Equatable {
            let header: String
            let payload: String
        }
        let hex: String
        /// Nil where the bytes are no batch.
        let events: [Event]?
    }

    @Test func theCodecAgreesWithProtobufBothWays() async throws {
        var lines: [Line] = []
        for size in [0, 1, 127, 128, 300, 16_383, 16_384] {
            var events: [Line.Event] = []
            var bytes: [UInt8] = []
            for number in 1...3 {
                let (header, payload) = Self.event(number, size: size)
                events.append(Line.Event(header: header.hex, payload: payload.hex))
                bytes += Self.batched(header, payload)
            }
            lines.append(Line(hex: bytes.hex, events: events))
        }
        let answers = try await MessageContractTests.python("contract_batch.py", lines, Line.self)
        #expect(answers.count == 2000)
        for answer in answers {
            #expect(Self.read([UInt8](hex: answer.hex)) == answer.events, "\(answer.hex)")
        }
        #expect(answers.contains { $0.events == nil })
    }

    @Test func aHeaderSaysWhetherItsPayloadIsABatch() throws {
        #expect(EventBatch.header.withUnsafeBytes { EventBatch.isAnnounced(by: $0) })
        #expect(try Header(decoding: EventBatch.header).type == EventBatch.typeName)
        var other = Header()
        other.type = "MESSAGE_CREATE"
        for header in [other.encoded, [], [0x0A], [0xFF, 0xFF], Header().encoded] {
            #expect(!header.withUnsafeBytes { EventBatch.isAnnounced(by: $0) })
        }
    }

    @Test func aBatchCountsItsEvents() {
        let (header, payload) = Self.event(1, size: 10)
        let bytes = Self.batched(header, payload) + Self.batched([], [])
        #expect(bytes.withUnsafeBytes { EventBatch.count(of: $0) } == 2)
        #expect(bytes.dropLast(3).withUnsafeBytes { EventBatch.count(of: $0) } == 1)
    }

    // MARK: Helpers

    private static func event(_ number: Int, size: Int) -> (header: [UInt8], payload: [UInt8]) {
        var header = Header()
        header.type = "MESSAGE_CREATE"
        header.seq = UInt64(number)
        return (header.encoded, [UInt8](repeating: UInt8(number), count: size))
    }

    private static func batched(_ header: [UInt8], _ payload: [UInt8]) -> [UInt8] {
        ProtoWriter.bytes(bound: EventBatch.size(header: header.count, payload: payload.count)) { writer in
            header.withUnsafeBytes { header in
                payload.withUnsafeBytes { EventBatch.write(header: header, payload: $0, with: &writer) }
            }
        }
    }

    private static func read(_ bytes: [UInt8]) -> [Line.Event]? {
        bytes.withUnsafeBytes { buffer in
            var reader = EventBatch.Reader(buffer)
            var events: [Line.Event] = []
            do {
                while let event = try reader.next() {
                    events.append(
                        Line.Event(header: Array(bytes[event.header]).hex, payload: Array(bytes[event.payload]).hex)
                    )
                }
            } catch {
                return nil
            }
            return events
        }
    }
}
