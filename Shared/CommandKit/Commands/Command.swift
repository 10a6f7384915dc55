package import BusContract
package import DiscordModel

/// One slash command: a file of its own in the owning service's `Commands/`, and a line in that folder's list.
package protocol Command: Sendable {
    var declaration: CommandDeclaration { get }

    /// Answers the member. What it throws is told to the member: a `CommandRefusal` in its own words, anything else as
    /// "something went wrong" with a reference that stands in the log.
    func run(_ invocation: Invocation) async throws -> Answer

    /// Choices for the option that is being typed: at most 25 are shown.
    func complete(_ invocation: Invocation) async throws -> [Choice]
}

extension Command {
    package func complete(_ invocation: Invocation) async throws -> [Choice] { [] }
}

/// What answers the buttons, selects and modals whose custom ids begin with its prefix.
package protocol ComponentHandler: Sendable {
    /// Ends in a colon, for example `queue:`.
    var prefix: String { get }
    var deferral: Deferral { get }

    func run(_ invocation: Invocation) async throws -> Answer
}

/// One use of a command or component, with the texts in the language of the one who used it.
package struct Invocation: Sendable {
    package let request: HandleInteraction
    package let language: Language
    package let texts: Catalogue

    package init(request: HandleInteraction, texts: Catalogue) {
        self.request = request
        self.texts = texts
        language = Language(discordLocale: request.locale)
    }

    package var bot: BotID { request.bot }
    package var member: InteractionMember { request.member }

    /// Recognises this use when it is handed over a second time.
    package var key: String { "interaction:\(request.interaction)" }

    /// The guild in which it was used.
    ///
    /// - Throws: `CommandRefusal` in a direct message.
    package func guild() throws -> GuildID {
        guard let guild = request.guild else { throw CommandRefusal("command.guildOnly") }
        return guild
    }

    /// The subcommand's name; empty for a command without.
    package var subcommand: String {
        let parts = request.name.split(separator: " ")
        return parts.count > 1 ? String(parts[parts.count - 1]) : ""
    }

    package func string(_ option: String) -> String? {
        request.options.first { $0.name == option }?.value
    }

    package func integer(_ option: String) -> Int? {
        string(option).flatMap { Int($0) }
    }

    package func id<Kind>(_ option: String, as type: Snowflake<Kind>.Type = Snowflake<Kind>.self) -> Snowflake<Kind>? {
        string(option).flatMap { Snowflake<Kind>($0) }
    }

    /// A required option's text.
    ///
    /// - Throws: `CommandRefusal` when it is absent, which Discord's own validation should have prevented.
    package func required(_ option: String) throws -> String {
        guard let value = string(option) else { throw CommandRefusal("command.missingOption", ["option": option]) }
        return value
    }

    /// The user that an option names, with what Discord told of them.
    package func user(_ option: String) throws -> InteractionMember {
        guard let id: UserID = id(option), let user = request.users.first(where: { $0.user == id }) else {
            throw CommandRefusal("command.missingOption", ["option": option])
        }
        return user
    }

    package func text(_ key: String, _ arguments: [String: String] = [:]) -> String {
        texts.text(key, in: language, arguments)
    }

    /// Checks the member's own rights: a guild's admins may have opened the command to anybody.
    ///
    /// - Throws: `CommandRefusal` when none of the permissions is held.
    package func require(_ permissions: Permissions) throws {
        guard
            request.member.permissions.contains(.administrator)
                || request.member.permissions.isSuperset(of: permissions)
        else { throw CommandRefusal("command.forbidden") }
    }
}

/// A refusal that the member is told in words: a key of the catalogue and its arguments.
package struct CommandRefusal: Error, Hashable {
    package let key: String
    package let arguments: [String: String]

    package init(_ key: String, _ arguments: [String: String] = [:]) {
        self.key = key
        self.arguments = arguments
    }
}

/// One choice of an autocomplete.
package struct Choice: Hashable, Sendable, Encodable {
    /// 1 to 100 characters.
    package let name: String
    /// 1 to 100 characters.
    package let value: String

    package init(name: String, value: String) {
        self.name = String(name.prefix(100))
        self.value = String(value.prefix(100))
    }
}

/// What a command answers.
package enum Answer: Sendable {
    /// A message that the channel sees.
    case visible(OutgoingMessage)
    /// A message that the member alone sees.
    case ephemeral(OutgoingMessage)
    /// Changes the message that carries the component.
    case update(OutgoingMessage)
    /// The answer follows by `RespondInteraction`.
    case later

    package static func visible(_ text: String) -> Answer { .visible(OutgoingMessage(content: text)) }
    package static func ephemeral(_ text: String) -> Answer { .ephemeral(OutgoingMessage(content: text)) }
}
