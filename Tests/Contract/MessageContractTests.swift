import BusContract
import DiscordModel
import FoundationEssentials
import TestSupport
import Testing

/// The Codable types and `protos/` say the same.
///
/// Samples of every message of the catalogue go to Python, which knows nothing but `protos/`: it parses them strictly
/// (a field that the proto lacks fails), checks that a full sample sets every field that the proto has, and writes its
/// own canonical JSON, which must decode to an equal value here.
@Suite struct MessageContractTests {
    /// Everything that travels, by its proto's name.
    static let messages: [any BusMessage.Type] = {
        var all: [any BusMessage.Type] = MessageCatalogue.replies
        all += MessageCatalogue.pulses
        for event in MessageCatalogue.events { all.append(event) }
        for request in MessageCatalogue.requests { all.append(request) }
        return all
    }()

    static let names: [String] = messages.map { type in type.typeName }

    /// A message as one side wrote it.
    struct Line: Codable {
        let type: String
        let filling: String
        let json: String
    }

    @Test func everyMessageAgreesWithItsProto() async throws {
        var samples: [String: any BusMessage] = [:]
        var lines: [Line] = []
        for type in Self.messages {
            for filling in [SampleDecoder.Filling.full, .empty] {
                let sample = try SampleDecoder.sample(type, filling)
                samples["\(type.typeName) \(filling)"] = sample
                lines.append(Line(type: type.typeName, filling: "\(filling)", json: try Self.json(sample)))
            }
        }
        let answers = try await Self.python("contract_messages.py", lines, Line.self)
        #expect(answers.count == lines.count)
        for answer in answers {
            let sample = try #require(samples["\(answer.type) \(answer.filling)"])
            try Self.expect(sample, equals: answer.json, "\(answer.type), \(answer.filling)")
        }
    }

    /// The golden files show each message as it travels, and hold a change of its shape against the past.
    @Test(arguments: names) func theGoldenMessageStillDecodes(typeName: String) throws {
        let type = try #require(Self.messages.first { type in type.typeName == typeName })
        let parts = typeName.split(separator: ".")
        try #require(parts.count == 4)
        let path = Self.protos.appending(path: "\(parts[1])/\(parts[2])/golden/\(parts[3]).json")
        let sample = try SampleDecoder.sample(type, .full)
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try (encoder.encode(sample) + Data("\n".utf8)).write(to: path)
        }
        try Self.expect(sample, equals: String(decoding: Data(contentsOf: path), as: UTF8.self), typeName)
    }

    @Test func unknownFieldsAreIgnored() throws {
        let json = #"{"guild":"5","somethingNewer":{"a":[1]}}"#
        #expect(try JSONDecoder().decode(QueryGuild.self, from: Data(json.utf8)) == QueryGuild(guild: .init(5)))
    }

    @Test func noNameIsTakenTwice() {
        #expect(Set(Self.names).count == Self.names.count)
        // Closures and no key paths: through the metatype of an existential these crash the compiler (6.3.1).
        let topics = MessageCatalogue.events.map { event in event.topic }
        #expect(Set(topics).count == topics.count)
    }

    // MARK: Helpers

    static let protos = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "protos")

    static func json(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }

    static func expect<Message: BusMessage>(_ sample: Message, equals json: String, _ name: String) throws {
        let decoded = try JSONDecoder().decode(Message.self, from: Data(json.utf8))
        #expect(decoded == sample, "\(name): \(json)")
    }

    /// Hands lines to a Python script and gets its lines back.
    static func python<Input: Encodable, Output: Decodable>(
        _ script: String,
        _ input: [Input],
        _ output: Output.Type
    ) async throws -> [Output] {
        let file = FileManager.default.temporaryDirectory.appending(path: "contract-\(UUID().uuidString).jsonl")
        let encoder = JSONEncoder()
        var data = Data()
        for item in input { data += try encoder.encode(item) + Data("\n".utf8) }
        try data.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let results = file.appendingPathExtension("out")
        defer { try? FileManager.default.removeItem(at: results) }
        try await PythonClient.run(
            script,
            arguments: [file.path(), protos.path(), results.path()],
            within: .seconds(120)
        )
        let text = try String(decoding: Data(contentsOf: results), as: UTF8.self)
        return try text.split(separator: "\n").map { try JSONDecoder().decode(output, from: Data($0.utf8)) }
    }
}
