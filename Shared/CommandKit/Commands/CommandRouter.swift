package import BusContract
import DiscordModel
import FoundationEssentials
package import Logging

/// Finds the command or component that an interaction means, runs it, and turns its answer into the gateway's reply.
///
/// It does no I/O of its own; `CommandService` serves it on the bus.
package struct CommandRouter: Sendable {
    package let texts: Catalogue
    private let commands: [String: any Command]
    private let components: [any ComponentHandler]
    private let logger: Logger

    /// Takes the explicit list of a service's commands; two of one name are our own mistake.
    package init(commands: [any Command], components: [any ComponentHandler] = [], texts: Catalogue, logger: Logger) {
        self.commands = Dictionary(uniqueKeysWithValues: commands.map { ($0.declaration.name, $0) })
        self.components = components
        self.texts = CommandKitTexts.catalogue.merging(texts)
        self.logger = logger
    }

    /// What the gateway registers with Discord.
    ///
    /// - Throws: an encoding error, which would be our own mistake.
    package func declaration(service: ServiceRole, version: Int64) throws -> DeclareCommands {
        DeclareCommands(
            service: service.rawValue,
            version: version,
            commands: try commands.values.map(\.declaration).sorted { $0.name < $1.name }.map { declaration in
                DeclaredCommand(
                    name: declaration.name,
                    deferral: declaration.deferral,
                    definition: try CommandDefinition(declaration, texts: texts).json()
                )
            },
            components: components.map { DeclaredComponent(prefix: $0.prefix, deferral: $0.deferral) }
        )
    }

    /// Answers one interaction. It never throws: whatever goes wrong is told to the member in words.
    package func reply(to request: HandleInteraction) async -> InteractionReply {
        let invocation = Invocation(request: request, texts: texts)
        do {
            if request.kind == .autocomplete {
                let choices = try await command(of: request)?.complete(invocation) ?? []
                return InteractionReply(kind: .choices, data: try json(["choices": Array(choices.prefix(25))]))
            }
            return try reply(with: try await answer(invocation))
        } catch let refusal as CommandRefusal {
            return apology(invocation.text(refusal.key, refusal.arguments))
        } catch {
            // The interaction's id finds the line again when the member quotes it.
            let reference = String(request.interaction.description.suffix(6))
            logger.error(
                "interaction failed",
                metadata: [
                    "interaction": "\(request.interaction)", "command": "\(request.name)", "reference": "\(reference)",
                    "error": "\(error)",
                ]
            )
            return apology(invocation.text("command.failed", ["reference": reference]))
        }
    }

    private func answer(_ invocation: Invocation) async throws -> Answer {
        let request = invocation.request
        if request.kind == .command {
            guard let command = command(of: request) else { throw CommandRefusal("command.unknown") }
            return try await command.run(invocation)
        }
        guard let handler = components.first(where: { request.name.hasPrefix($0.prefix) }) else {
            throw CommandRefusal("command.unknown")
        }
        return try await handler.run(invocation)
    }

    private func command(of request: HandleInteraction) -> (any Command)? {
        request.name.split(separator: " ").first.flatMap { commands[String($0)] }
    }

    private func reply(with answer: Answer) throws -> InteractionReply {
        switch answer {
        case .visible(let message):
            return InteractionReply(kind: .message, data: try json(message))
        case .ephemeral(var message):
            message.flags = (message.flags ?? 0) | OutgoingMessage.ephemeralFlag
            return InteractionReply(kind: .message, data: try json(message), ephemeral: true)
        case .update(let message):
            return InteractionReply(kind: .update, data: try json(message))
        case .later:
            return InteractionReply(kind: .later)
        }
    }

    private func apology(_ text: String) -> InteractionReply {
        let message = OutgoingMessage(content: text, flags: OutgoingMessage.ephemeralFlag)
        let data = (try? json(message)) ?? #"{"content":"⚠️","flags":64}"#
        return InteractionReply(kind: .message, data: data, ephemeral: true)
    }

    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
