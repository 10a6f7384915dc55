import DiscordModel
import Simulation
import Testing

/// Commands and interactions: names, limits, deadlines, and what each first answer allows afterwards.
@Suite("Interactions of the local Discord")
struct InteractionRuleTests {
    private func fixture() throws -> (WorldFixture, ApplicationID) {
        var fixture = try WorldFixture()
        let application = ApplicationID(fixture.rainbow.rawValue)
        let commands: JSONValue = [
            [
                "name": "play", "description": "Plays",
                "options": [["type": 3, "name": "query", "description": "What", "required": true]],
            ],
            ["name": "ban", "description": "Bans", "default_member_permissions": "4"],
        ]
        _ = try fixture.world.overwriteCommands(
            commands,
            in: .init(application: application, guild: nil),
            by: fixture.rainbow
        )
        _ = fixture.world.drain()
        return (fixture, application)
    }

    private func answer(
        _ fixture: inout WorldFixture,
        _ interaction: Simulation.Interaction,
        _ body: JSONValue
    ) -> Int? {
        fixture.code { world throws(DiscordError) in
            _ = try world.answerInteraction(interaction.id, token: interaction.token, body, uploads: [])
        }
    }

    @Test(
        "Definitions are checked",
        arguments: [
            ["name": "Play", "description": "upper case"], ["name": "a b", "description": "space"],
            ["name": "ok"], ["name": "ok", "description": ""],
            [
                "name": "ok", "description": "d",
                "options": [
                    ["type": 3, "name": "a", "description": "d"],
                    ["type": 3, "name": "b", "description": "d", "required": true],
                ],
            ],
            ["name": "ok", "description": "d", "options": [["type": 12, "name": "a", "description": "d"]]],
        ] as [JSONValue]
    )
    func definitions(_ body: JSONValue) throws {
        var (fixture, application) = try fixture()
        let rainbow = fixture.rainbow
        let code = fixture.code { world throws(DiscordError) in
            _ = try world.createCommand(body, in: .init(application: application, guild: nil), by: rainbow)
        }
        #expect(code == 50035)
    }

    @Test("A bulk overwrite keeps the ids of what stays, and drops the rest")
    func overwrite() throws {
        var (fixture, application) = try fixture()
        let scope = CommandTable.Scope(application: application, guild: nil)
        let before = fixture.world.commands.all(in: scope)
        let play = try #require(before.first { $0.name == "play" })
        let again = try fixture.world.overwriteCommands([.object(play.definition)], in: scope, by: fixture.rainbow)
        #expect(again.map(\.id) == [play.id] && again.first?.version == play.version)
        #expect(fixture.world.commands.all(in: scope).count == 1)
    }

    @Test("Members see what their permissions allow")
    func memberPermissions() throws {
        var (fixture, _) = try fixture()
        let channel = fixture.channel("general")
        let bob = fixture.user("bob")
        let refused = fixture.code { world throws(DiscordError) in
            _ = try world.useCommand("/ban", in: channel, by: bob)
        }
        #expect(refused == 50013)
        _ = try fixture.world.useCommand("/ban", in: channel, by: fixture.user("carol"))
    }

    @Test("The first answer is due after three seconds, and there is one")
    func deadline() throws {
        var (fixture, _) = try fixture()
        let channel = fixture.channel("general")
        let late = try fixture.world.useCommand("/play query:a", in: channel, by: fixture.user("bob"))
        fixture.world.advance(to: WorldFixture.start + 3001)
        #expect(answer(&fixture, late, ["type": 4, "data": ["content": "x"]]) == 10062)
        let timely = try fixture.world.useCommand("/play query:a b", in: channel, by: fixture.user("bob"))
        #expect(timely.data["options"]?.arrayValue?.first?["value"] == "a b")
        #expect(answer(&fixture, timely, ["type": 5]) == nil)
        #expect(answer(&fixture, timely, ["type": 4, "data": ["content": "x"]]) == 40060)
    }

    @Test("The first follow-up fills in a deferred answer; the token ends after 15 minutes")
    func followUp() throws {
        var (fixture, application) = try fixture()
        let channel = fixture.channel("general")
        let interaction = try fixture.world.useCommand("/play lofi", in: channel, by: fixture.user("bob"))
        let early = fixture.code { world throws(DiscordError) in
            _ = try world.followUp(application: application, token: interaction.token, ["content": "x"], uploads: [])
        }
        #expect(early == 10015, "no follow-up before the first answer")
        #expect(answer(&fixture, interaction, ["type": 5, "data": ["flags": 64]]) == nil)
        let first = try fixture.world.followUp(
            application: application,
            token: interaction.token,
            ["content": "first"],
            uploads: []
        )
        #expect(first.visibleOnlyTo == fixture.user("bob") && first.editCount == 0)
        let second = try fixture.world.followUp(
            application: application,
            token: interaction.token,
            ["content": "second"],
            uploads: []
        )
        #expect(second.id != first.id)
        fixture.world.advance(to: WorldFixture.start + 900_001)
        let expired = fixture.code { world throws(DiscordError) in
            _ = try world.followUp(application: application, token: interaction.token, ["content": "x"], uploads: [])
        }
        #expect(expired == 50027)
    }

    @Test("Only components that are there can be used, and not disabled ones")
    func components() throws {
        var (fixture, _) = try fixture()
        let row: JSONValue = [
            "type": 1,
            "components": [
                ["type": 2, "style": 1, "label": "a", "custom_id": "on"],
                ["type": 2, "style": 1, "label": "b", "custom_id": "off", "disabled": true],
            ],
        ]
        let draft = try MessageDraft(["content": "panel", "components": [row]])
        let message = try fixture.world.createMessage(draft, in: fixture.channel("general"), by: fixture.rainbow)
        let bob = fixture.user("bob")
        for id in ["off", "absent"] {
            #expect(throws: DiscordError.self) { try fixture.world.useComponent(id, of: message.id, by: bob) }
        }
        let pressed = try fixture.world.useComponent("on", of: message.id, by: bob)
        #expect(answer(&fixture, pressed, ["type": 7, "data": ["content": "done", "components": []]]) == nil)
        #expect(fixture.world.findMessage(message.id)?.content == "done")
    }
}
