import DiscordModel
import Foundation
import Testing

@Suite("Models")
struct ModelDecodingTests {
    private func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    @Test("GUILD_CREATE keeps what it can read, and fails over rights that it cannot")
    func guild() throws {
        let guild = try decode(
            Guild.self,
            #"""
            {"id":"1","name":"Harbour","owner_id":"10","member_count":3,"large":false,"roles":[{"id":"1","name":"@everyone","position":0,"permissions":"1024","colors":{}}],
            "channels":[{"id":"5","type":99,"name":"new kind"},{"id":"6","type":0,"permission_overwrites":[{"id":"1","type":0,"allow":"0","deny":"2048"}]},{"broken":1},
            {"id":"7","type":0,"permission_overwrites":[{"id":"1","type":0,"allow":"x","deny":"0"}]}],
            "members":[{"user":{"id":"10","username":"alice"},"roles":["1"],"joined_at":"2020-01-01T00:00:00.000000+00:00"}],"voice_states":[{"user_id":"10","channel_id":"6","session_id":"s"}]}
            """#
        )
        #expect(guild.channels.map(\.id) == [ChannelID(5), ChannelID(6)])
        #expect(guild.voiceStates.first?.channelID == ChannelID(6))
        #expect(guild.members.first?.user?.username == "alice")
        #expect(throws: (any Error).self) { try decode(Guild.self, #"{"id":"1","owner_id":"2","roles":[{"id":"1"}]}"#) }
    }

    @Test("A form's fields are found under rows and labels")
    func modal() throws {
        let data = try decode(
            InteractionData.self,
            #"""
            {"custom_id":"form:1","components":[{"type":1,"components":[{"type":4,"custom_id":"a","value":"1"}]},
            {"type":18,"component":{"type":4,"custom_id":"b","value":"2"}}]}
            """#
        )
        #expect(data.fields == ["a": "1", "b": "2"])
    }

    @Test("A subcommand's options, typed values and the focused one")
    func options() throws {
        let interaction = try decode(
            Interaction.self,
            #"""
            {"id":"1","application_id":"2","type":2,"token":"secret","guild_id":"3","channel_id":"4","locale":"ko","app_permissions":"8",
            "member":{"user":{"id":"9","username":"bob"},"roles":[],"permissions":"2048","nick":null},
            "data":{"id":"7","name":"words","type":1,"options":[{"name":"add","type":1,"options":[{"name":"word","type":3,"value":"floop","focused":true},
            {"name":"n","type":4,"value":3},{"name":"f","type":10,"value":1.5},{"name":"b","type":5,"value":true}]}],
            "resolved":{"users":{"9":{"id":"9","username":"bob"}}}}}
            """#
        )
        #expect(interaction.invoker?.id == UserID(9))
        #expect(interaction.member?.permissions == .sendMessages)
        let options = try #require(interaction.data?.options.first?.options)
        #expect(options.map(\.value) == [.string("floop"), .integer(3), .number(1.5), .boolean(true)])
        #expect(options.map(\.focused) == [true, false, false, false])
        #expect(interaction.data?.resolved?.users[UserID(9)]?.username == "bob")
        let encoded = try JSONEncoder().encode(interaction)
        #expect(!String(decoding: encoded, as: UTF8.self).contains("secret"))
        #expect(try JSONDecoder().decode(Interaction.self, from: encoded) == interaction)
    }

    @Test("Every documented close code has its action")
    func closeCodes() {
        let expected: [UInt16: GatewayCloseCode.Action] = [
            4000: .resume, 4001: .resume, 4002: .resume, 4003: .identify, 4004: .stop, 4005: .resume, 4007: .identify,
            4008: .resumeAfterBackOff, 4009: .identify, 4010: .stop, 4011: .stop, 4012: .stop, 4013: .stop, 4014: .stop,
            1000: .resume, 1001: .resume, 1006: .resume, 4999: .resume,
        ]
        for (code, action) in expected {
            #expect(GatewayCloseCode(rawValue: code).action == action, "\(code)")
            #expect(!GatewayCloseCode(rawValue: code).explanation.isEmpty)
        }
        #expect(!GatewayCloseCode.normal.keepsSession)
        #expect(!GatewayCloseCode.goingAway.keepsSession)
        #expect(GatewayCloseCode.unknownError.keepsSession)
    }

    @Test("REST error bodies of every shape")
    func errorBodies() throws {
        #expect(try decode(RESTErrorBody.self, #"{"message":"Unknown Message","code":10008}"#).code == 10008)
        let limited = try decode(RESTErrorBody.self, #"{"message":"x","retry_after":1.25,"global":true}"#)
        #expect(limited.retryAfter == 1.25)
        #expect(limited.global == true)
        #expect(try decode(RESTErrorBody.self, #"{"code":"x"}"#).code == 0)
    }
}
