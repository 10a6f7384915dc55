import BusContract
import CommandKit
import DiscordModel
import Foundation
import Logging
import Testing

@Suite("commands")
struct CommandRouterTests {
    private struct Greet: Command {
        let declaration = CommandDeclaration(
            "greet",
            options: [CommandOption("whom", .string, hasAutocomplete: true, range: 1...20)],
            defaultPermissions: .moderateMembers,
            deferral: .ephemeral
        )

        func run(_ invocation: Invocation) async throws -> Answer {
            let whom = try invocation.required("whom")
            guard whom != "boom" else { throw URLError(.badURL) }
            guard whom != "nobody" else { throw CommandRefusal("greet.nobody") }
            return .visible(invocation.text("greet.reply", ["whom": whom]))
        }

        func complete(_ invocation: Invocation) async throws -> [Choice] {
            (1...30).map { Choice(name: "\($0)", value: String(repeating: "x", count: 200)) }
        }
    }

    private struct Pages: ComponentHandler {
        let prefix = "page:"
        let deferral = Deferral.update

        func run(_ invocation: Invocation) async throws -> Answer {
            .update(OutgoingMessage(content: invocation.request.name))
        }
    }

    private let router: CommandRouter

    init() throws {
        router = CommandRouter(
            commands: [Greet()],
            components: [Pages()],
            texts: try Catalogue([
                .english: Array(
                    #"""
                    {"command.greet.description":"Greets","command.greet.whom.description":"Whom",
                    "greet.reply":"Hello {whom}","greet.nobody":"Nobody is there."}
                    """#.utf8
                ),
                .korean: Array(#"{"command.greet.name":"인사","greet.reply":"안녕 {whom}"}"#.utf8),
            ]),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    private func request(
        _ name: String,
        kind: InteractionKind = .command,
        whom: String? = nil,
        locale: String = "en-US"
    ) throws -> HandleInteraction {
        HandleInteraction(
            bot: try #require(BotID(rawValue: "rainbow")),
            interaction: InteractionID(123_456_789),
            kind: kind,
            name: name,
            guild: GuildID(1),
            channel: ChannelID(2),
            member: InteractionMember(user: UserID(3), name: "alice", displayName: "Alice"),
            locale: locale,
            options: whom.map { [InteractionOption(name: "whom", value: $0)] } ?? [],
            receivedAt: 0
        )
    }

    private func content(_ reply: InteractionReply) throws -> String {
        let object = try JSONSerialization.jsonObject(with: Data(reply.data.utf8)) as? [String: Any]
        return try #require(object?["content"] as? String)
    }

    @Test("a command answers in the member's language")
    func answer() async throws {
        let reply = await router.reply(to: try request("greet", whom: "Bob", locale: "ko"))
        #expect(try content(reply) == "안녕 Bob")
        #expect(reply.kind == .message && !reply.ephemeral)
    }

    @Test("a refusal is told in its own words, to the member alone")
    func refusal() async throws {
        let reply = await router.reply(to: try request("greet", whom: "nobody"))
        #expect(try content(reply) == "Nobody is there.")
        #expect(reply.ephemeral)
    }

    @Test("an error is told with a reference, never with its own text")
    func failure() async throws {
        let reply = await router.reply(to: try request("greet", whom: "boom"))
        #expect(try content(reply).contains("456789"))
        #expect(try !content(reply).contains("URL"))
    }

    @Test("unknown commands and a missing option are told")
    func unknown() async throws {
        #expect(await router.reply(to: try request("nothing")).ephemeral)
        #expect(try content(await router.reply(to: try request("greet"))).contains("whom"))
    }

    @Test("a component goes to its prefix's handler")
    func component() async throws {
        let reply = await router.reply(to: try request("page:2", kind: .component))
        #expect(reply.kind == .update)
        #expect(try content(reply) == "page:2")
    }

    @Test("at most 25 choices of at most 100 characters")
    func autocomplete() async throws {
        let reply = await router.reply(to: try request("greet", kind: .autocomplete, whom: "x"))
        let object = try JSONSerialization.jsonObject(with: Data(reply.data.utf8)) as? [String: [[String: String]]]
        let choices = try #require(object?["choices"])
        #expect(choices.count == 25)
        #expect(choices.allSatisfy { ($0["value"] ?? "").count == 100 })
    }

    @Test("the declaration is what Discord expects, localised, and the same each time")
    func declaration() throws {
        let first = try router.declaration(service: .community, version: 1)
        #expect(try router.declaration(service: .community, version: 1) == first)
        let data = Data(try #require(first.commands.first).definition.utf8)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["name_localizations"] as? [String: String] == ["ko": "인사"])
        #expect(object["default_member_permissions"] as? String == String(UInt64(1) << 40))
        let option = try #require((object["options"] as? [[String: Any]])?.first)
        #expect(option["max_length"] as? Int == 20 && option["autocomplete"] as? Bool == true)
        #expect(first.components == [DeclaredComponent(prefix: "page:", deferral: .update)])
    }
}
