import ArgumentParser
import MessageBus
import UnixSignals

/// `ensemble bus …`
struct BusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bus",
        abstract: "Looks into the bus.",
        subcommands: [TapCommand.self]
    )
}

/// `ensemble bus tap`
struct TapCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tap",
        abstract: "Prints events as they cross the bus, until Ctrl-C."
    )

    @Option(name: .long, help: "A topic's beginning, for example discord.iris or ensemble.music; may be repeated.")
    var topic: [String] = []

    @Option(name: .long, help: "Only events of this guild.")
    var guild: UInt64?

    @Option(name: .long, help: "Only events caused by this user.")
    var user: UInt64?

    @Option(name: .long, help: "Only events of this trace.")
    var trace: String?

    @Option(name: .long, help: "Only events whose payload contains this text.")
    var text: String?

    @Option(name: .long, help: "Ends after so many events.")
    var limit: Int?

    @Flag(name: .long, help: "Shows payloads. They contain what members wrote.")
    var payload = false

    func run() async throws {
        let tap = BusTap(
            installation: try Installation.current(),
            topics: topic.isEmpty ? [.all] : topic.map { TopicFilter($0) },
            filter: TapFilter(guild: guild, user: user, trace: trace, text: text),
            showsPayload: payload,
            limit: limit
        )
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await tap.run() }
            group.addTask { for await _ in signals { return } }
            try await group.next()
            group.cancelAll()
        }
    }
}
