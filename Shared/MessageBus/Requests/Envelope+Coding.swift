package import BusContract

// The encoding of `ensemble.bus.v1.Envelope` (protos/bus/v1/envelope.proto).

private enum Field {
    static let verb = 1
    static let client = 2
    static let number = 3
    static let address = 4
    static let deadlineMilliseconds = 5
    static let isRepeatable = 6
    static let credit = 7
    static let received = 8
    static let epoch = 9
    static let running = 10
    static let code = 11
    static let message = 12
    static let user = 13
}

extension Envelope {
    /// The encoded envelope.
    package var encoded: [UInt8] {
        let numbers = running.flatMap { [$0.client, $0.number] }
        let bound =
            7 * ProtoWriter.numberBound + ProtoWriter.bound(verb.rawValue) + ProtoWriter.bound(address)
            + ProtoWriter.bound(numbers) + ProtoWriter.bound(code) + ProtoWriter.bound(message)
            + ProtoWriter.bound(user)
        return ProtoWriter.bytes(bound: bound) { writer in
            writer.write(verb.rawValue, field: Field.verb)
            writer.write(client, field: Field.client)
            writer.write(number, field: Field.number)
            writer.write(address, field: Field.address)
            writer.write(deadlineMilliseconds, field: Field.deadlineMilliseconds)
            writer.write(isRepeatable ? 1 : 0, field: Field.isRepeatable)
            writer.write(credit, field: Field.credit)
            writer.write(received, field: Field.received)
            writer.write(epoch, field: Field.epoch)
            writer.write(numbers, field: Field.running)
            writer.write(code, field: Field.code)
            writer.write(message, field: Field.message)
            writer.write(user, field: Field.user)
        }
    }

    /// Reads an envelope.
    ///
    /// - Throws: what is wrong with the bytes; an unknown verb is `.badValue`.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(WireError) {
        self.init(.pulse)
        var verb: Verb?
        var numbers: [UInt64] = []
        var reader = ProtoReader(bytes)
        while let field = try reader.nextField() {
            switch field {
            case Field.verb: if let name = try reader.readBytes() { verb = try Verb(wireName: name) }
            case Field.client: if let value = try reader.readNumber() { client = value }
            case Field.number: if let value = try reader.readNumber() { number = value }
            case Field.address: if let text = try reader.readText() { address = text }
            case Field.deadlineMilliseconds: if let value = try reader.readNumber() { deadlineMilliseconds = value }
            case Field.isRepeatable: if let value = try reader.readNumber() { isRepeatable = value != 0 }
            case Field.credit: if let value = try reader.readNumber() { credit = value }
            case Field.received: if let value = try reader.readNumber() { received = value }
            case Field.epoch: if let value = try reader.readNumber() { epoch = value }
            case Field.running: if let values = try reader.readNumbers() { numbers += values }
            case Field.code: if let text = try reader.readText() { code = text }
            case Field.message: if let text = try reader.readText() { message = text }
            case Field.user: if let text = try reader.readText() { user = text }
            default: break
            }
        }
        guard let verb else { throw WireError(.badValue, field: Field.verb) }
        guard numbers.count.isMultiple(of: 2) else { throw WireError(.badValue, field: Field.running) }
        self.verb = verb
        running = stride(from: 0, to: numbers.count, by: 2).map {
            RequestID(client: numbers[$0], number: numbers[$0 + 1])
        }
    }

    package init(decoding bytes: [UInt8]) throws(WireError) {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(WireError) -> Envelope in try Envelope(decoding: bytes) }
        }
        self = try result.get()
    }
}

extension Envelope.Verb {
    /// The verb of that name, found without making a string of it: most messages are requests and replies.
    fileprivate init?(wireName: UnsafeRawBufferPointer) throws(WireError) {
        if wireName.elementsEqual("request".utf8) {
            self = .request
        } else if wireName.elementsEqual("reply".utf8) {
            self = .reply
        } else {
            guard let name = String(validating: wireName, as: UTF8.self) else {
                throw WireError(.badText, field: Field.verb)
            }
            self.init(rawValue: name)
        }
    }
}
