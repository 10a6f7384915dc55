import Foundation
import Testing

@testable import GatewayCore

@Suite("Command shape")
struct CommandShapeTests {
    private func shape(_ json: String) throws -> CommandShape {
        try JSONDecoder().decode(CommandShape.self, from: Data(json.utf8))
    }

    private static let wanted = """
        {"name":"play","description":"Plays","default_member_permissions":"32",
         "description_localizations":{"uk":"Грає"},
         "options":[{"type":3,"name":"query","description":"What","required":true,"autocomplete":true}]}
        """

    @Test("What Discord adds makes no difference")
    func same() throws {
        let registered = """
            {"id":"1","application_id":"2","version":"3","type":1,"name":"play","name_localizations":null,"nsfw":false,
             "description":"Plays","description_localizations":{"uk":"Грає"},"default_member_permissions":"32",
             "dm_permission":true,"contexts":null,"integration_types":[0],
             "options":[{"type":3,"name":"query","name_localizations":null,"description":"What","required":true,
              "autocomplete":true,"choices":[]}]}
            """
        #expect(try shape(Self.wanted).isSame(as: try shape(registered)))
        #expect(CommandRegistrar.isSame([try shape(Self.wanted)], as: [try shape(registered)]))
    }

    @Test(
        "Every change that a member could see is one",
        arguments: [
            (#""description":"Plays""#, #""description":"Stops""#), (#""32""#, #""8""#), ("Грає", "Гра"),
            (#""required":true,"#, ""), (#""type":3"#, #""type":4"#), (#""name":"query""#, #""name":"song""#),
            (#","autocomplete":true}]"#, #"},{"type":3,"name":"more","description":"d"}]"#),
            (#""name":"play""#, #""name":"play","type":2"#), (#""name":"play""#, #""name":"play","nsfw":true"#),
        ]
    )
    func different(from: String, to: String) throws {
        let changed = Self.wanted.replacingOccurrences(of: from, with: to)
        try #require(changed != Self.wanted)
        #expect(try !shape(Self.wanted).isSame(as: try shape(changed)))
        #expect(try !shape(changed).isSame(as: try shape(Self.wanted)))
        #expect(!CommandRegistrar.isSame([try shape(Self.wanted)], as: [try shape(changed)]))
    }

    @Test("A command too many or too few differs")
    func sets() throws {
        let (one, other) = (try shape(Self.wanted), try shape(#"{"name":"skip","description":"d"}"#))
        #expect(!CommandRegistrar.isSame([one], as: []))
        #expect(!CommandRegistrar.isSame([one], as: [one, other]))
        #expect(CommandRegistrar.isSame([one, other], as: [other, one]))
        #expect(CommandRegistrar.isSame([], as: []))
    }
}
