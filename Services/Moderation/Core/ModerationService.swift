import BusContract
import CommandKit
import DurableEvents
import FoundationEssentials
package import ServiceHost
package import ServiceKit
import Store

// Moderation: inspects messages, opens cases, serves `/warn`, `/case` and `/words`.
//
// State owned here: the tables `cases`, `case_counters` and `word_lists`. A command is a file in `Commands/` and a line
// in `commands`; a way of looking at messages belongs in `Inspection/`, what words are is in `Words/`.

/// The moderation service.
package struct ModerationService: HostedService {
    package static let name = ServiceName.moderation

    private let spine: Spine
    private let lists: WordListCache
    private let consumer: DurableConsumer<MessageInspector>
    private let commands: CommandService

    package init(host: Host) async throws {
        let configuration = try ModerationConfiguration(settings: host.settings)
        let texts = try ModerationTexts.catalogue()
        spine = host.spine
        lists = WordListCache(
            database: host.database,
            defaultWords: configuration.defaultWords,
            logger: host.logger("words")
        )
        consumer = DurableConsumer(
            name: "moderation",
            events: EventKind.allMessages + [.messageUpdate],
            spine: spine,
            bus: host.bus,
            handler: MessageInspector(
                lists: lists,
                languages: GuildLanguages(bus: host.bus),
                spine: spine,
                texts: texts,
                sendsNotices: configuration.sendsNotices,
                inspected: host.metrics.counter("moderation_messages_inspected_total", help: "Messages looked at."),
                offences: host.metrics.counter("moderation_offences_total", help: "Messages that a word list forbids.")
            ),
            logger: host.logger("consumer"),
            metrics: host.metrics
        )
        commands = CommandService(
            router: CommandRouter(
                commands: [
                    WarnCommand(spine: spine, bus: host.bus), CaseCommand(database: host.database),
                    WordsCommand(spine: spine, lists: lists),
                ],
                texts: texts,
                logger: host.logger("commands")
            ),
            role: .moderation,
            bus: host.bus,
            isRestricted: host.isRestricted,
            health: host.health,
            logger: host.logger("commands")
        )
    }

    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await lists.run() }
            group.addTask { try await consumer.run() }
            group.addTask { try await commands.run() }
        }
    }
}
