package import DiscordModel

/// Registering application commands.
extension World {
    private static func limit(of kind: ApplicationCommand.Kind) -> Int { kind == .chatInput ? 100 : 15 }

    func checkScope(_ scope: CommandTable.Scope, by bot: UserID) throws(DiscordError) {
        guard scope.application.rawValue == bot.rawValue else {
            throw DiscordError(
                status: 403,
                code: 20012,
                message: "You are not authorized to perform this action on this application"
            )
        }
        if let guild = scope.guild { _ = try self.guild(guild, for: bot) }
    }

    /// Upserts by type and name. The flag tells whether the command is new (201) or replaced (200).
    package mutating func createCommand(
        _ body: JSONValue,
        in scope: CommandTable.Scope,
        by bot: UserID
    ) throws(DiscordError) -> (command: ApplicationCommand, isNew: Bool) {
        try checkScope(scope, by: bot)
        var errors = FormErrors()
        let form = CommandForm.check(body, path: [], &errors)
        try errors.throwIfAny()
        guard let form else { throw .unreadableBody }
        let existing = commands.all(in: scope)
        let same = existing.first { $0.kind == form.kind && $0.name == form.definition["name"]?.stringValue }
        if same == nil, existing.count(where: { $0.kind == form.kind }) >= Self.limit(of: form.kind) {
            throw .tooManyCommands
        }
        let command = makeCommand(form, in: scope, replacing: same)
        commands[scope, command.id] = command
        announceCommands()
        return (command, same == nil)
    }

    private mutating func makeCommand(
        _ form: (kind: ApplicationCommand.Kind, definition: [String: JSONValue]),
        in scope: CommandTable.Scope,
        replacing same: ApplicationCommand?
    ) -> ApplicationCommand {
        var definition = form.definition
        if scope.guild == nil, definition["dm_permission"] == nil { definition["dm_permission"] = true }
        if scope.guild != nil { definition["dm_permission"] = nil }
        if let same, same.definition == definition { return same }
        let id = same?.id ?? CommandID(nextID())
        return ApplicationCommand(
            id: id,
            applicationID: scope.application,
            guildID: scope.guild,
            kind: form.kind,
            version: nextID(),
            definition: definition
        )
    }

    /// Bulk overwrite: what is not in the list vanishes; commands of the same type and name keep their id.
    package mutating func overwriteCommands(
        _ body: JSONValue,
        in scope: CommandTable.Scope,
        by bot: UserID
    ) throws(DiscordError) -> [ApplicationCommand] {
        try checkScope(scope, by: bot)
        var errors = FormErrors()
        let forms = (body.arrayValue ?? []).enumerated().compactMap { index, value in
            CommandForm.check(value, path: [String(index)], &errors)
        }
        var names: Set<String> = []
        for (index, form) in forms.enumerated() {
            let name = form.definition["name"]?.stringValue ?? ""
            if !names.insert("\(form.kind.rawValue)/\(name)").inserted {
                errors.add(
                    [String(index)],
                    "APPLICATION_COMMANDS_DUPLICATE_NAME",
                    "Application command names must be unique"
                )
            }
        }
        for kind in [ApplicationCommand.Kind.chatInput, .user, .message]
        where forms.count(where: { $0.kind == kind }) > Self.limit(of: kind) {
            throw .tooManyCommands
        }
        try errors.throwIfAny()
        let existing = commands.all(in: scope)
        var result: [ApplicationCommand] = []
        for form in forms {
            let same = existing.first { $0.kind == form.kind && $0.name == form.definition["name"]?.stringValue }
            result.append(makeCommand(form, in: scope, replacing: same))
        }
        commands.replace(scope, with: result)
        announceCommands()
        return result
    }

    package mutating func editCommand(
        _ id: CommandID,
        _ body: JSONValue,
        in scope: CommandTable.Scope,
        by bot: UserID
    ) throws(DiscordError) -> ApplicationCommand {
        try checkScope(scope, by: bot)
        guard var command = commands[scope, id] else { throw .unknownCommand }
        var errors = FormErrors()
        var merged = command.definition.merging(body.objectValue ?? [:]) { $1 }
        merged["type"] = .int(command.kind.rawValue)
        let form = CommandForm.check(.object(merged), path: [], &errors)
        try errors.throwIfAny()
        guard let form else { throw .unreadableBody }
        if form.definition != command.definition {
            command.definition = form.definition
            command.version = nextID()
        }
        commands[scope, id] = command
        announceCommands()
        return command
    }

    package mutating func deleteCommand(
        _ id: CommandID,
        in scope: CommandTable.Scope,
        by bot: UserID
    ) throws(DiscordError) {
        try checkScope(scope, by: bot)
        guard commands[scope, id] != nil else { throw .unknownCommand }
        commands[scope, id] = nil
        announceCommands()
    }

    private mutating func announceCommands() {
        announce("commands", [:])
    }
}
