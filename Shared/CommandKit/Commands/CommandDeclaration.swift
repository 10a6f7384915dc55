package import BusContract
package import DiscordModel

/// What a slash command looks like to members: its name, its options, who may use it, how it is deferred.
///
/// Names and descriptions are keys of the service's catalogue, built from the command's name: `balance` is described by
/// `command.balance.description` and named in other languages by `command.balance.name`; its option `member` by
/// `command.balance.member.description` and `command.balance.member.name`; a subcommand is one more level.
package struct CommandDeclaration: Sendable {
    package var name: String
    package var options: [CommandOption]
    package var subcommands: [Subcommand]
    /// The permissions a member needs by default; a guild's admins may override it, so that handlers check again.
    package var defaultPermissions: Permissions?
    package var deferral: Deferral
    /// It can be used in direct messages too.
    package var inDirectMessages: Bool

    package init(
        _ name: String,
        options: [CommandOption] = [],
        subcommands: [Subcommand] = [],
        defaultPermissions: Permissions? = nil,
        deferral: Deferral = .visible,
        inDirectMessages: Bool = false
    ) {
        self.name = name
        self.options = options
        self.subcommands = subcommands
        self.defaultPermissions = defaultPermissions
        self.deferral = deferral
        self.inDirectMessages = inDirectMessages
    }
}

/// One subcommand; the gateway hands it over as `<command> <subcommand>`.
package struct Subcommand: Sendable {
    package var name: String
    package var options: [CommandOption]

    package init(_ name: String, options: [CommandOption] = []) {
        self.name = name
        self.options = options
    }
}

/// One option of a command.
package struct CommandOption: Sendable {
    /// Discord's option types that we use (application commands documentation, "Application Command Option Type").
    package enum Kind: Int, Sendable {
        case string = 3
        case integer = 4
        case boolean = 5
        case user = 6
        case channel = 7
        case role = 8
        case number = 10
    }

    package var name: String
    package var kind: Kind
    package var isRequired: Bool
    package var hasAutocomplete: Bool
    /// For strings the shortest and longest length, for numbers the smallest and largest value.
    package var range: ClosedRange<Int>?
    /// Fixed choices, by value; shown under `command.<path>.choice.<value>`.
    package var choices: [String]

    package init(
        _ name: String,
        _ kind: Kind,
        isRequired: Bool = true,
        hasAutocomplete: Bool = false,
        range: ClosedRange<Int>? = nil,
        choices: [String] = []
    ) {
        self.name = name
        self.kind = kind
        self.isRequired = isRequired
        self.hasAutocomplete = hasAutocomplete
        self.range = range
        self.choices = choices
    }
}
