import DequeModule
package import DiscordModel

/// Members use commands and components; the interactions that applications then receive.
extension World {
    /// Uses a slash command as typed (`/play query:lofi`).
    ///
    /// - Parameter bot: whose command it is, where several bots have one of that name; nil takes the first.
    package mutating func useCommand(
        _ line: String,
        in channelID: ChannelID,
        by user: UserID,
        bot: UserID? = nil
    ) throws(DiscordError) -> Interaction {
        let channel = try channel(channelID)
        let (command, rest) = try findCommand(line, in: channel, by: user, bot: bot)
        let parsed = try CommandLineParser(world: self, guildID: channel.guildID).parse(command, rest)
        return startInteraction(
            .command,
            of: command.applicationID,
            in: channel,
            by: user,
            name: parsed.fullName,
            data: commandData(command, parsed)
        )
    }

    /// Asks the application what could complete the option that is being typed.
    package mutating func autocomplete(
        _ line: String,
        focused: String,
        in channelID: ChannelID,
        by user: UserID,
        bot: UserID? = nil
    ) throws(DiscordError) -> Interaction {
        let channel = try channel(channelID)
        let (command, rest) = try findCommand(line, in: channel, by: user, bot: bot)
        let parsed = try CommandLineParser(world: self, guildID: channel.guildID).parse(command, rest, focused: focused)
        return startInteraction(
            .autocomplete,
            of: command.applicationID,
            in: channel,
            by: user,
            name: parsed.fullName,
            data: commandData(command, parsed)
        )
    }

    private func findCommand(
        _ line: String,
        in channel: DiscordChannel,
        by user: UserID,
        bot: UserID?
    ) throws(DiscordError) -> (ApplicationCommand, Substring) {
        guard line.first == "/" else { throw CommandLineParser.refuse("A command starts with /") }
        try require(.useApplicationCommands, of: user, in: channel)
        let body = line.dropFirst()
        let name = body.prefix { $0 != " " }
        let found = commands.usable(in: channel.guildID).first { command in
            command.kind == .chatInput && command.name == name
                && (bot == nil || command.applicationID.rawValue == bot?.rawValue)
                && (channel.guildID != nil || channel.recipients.contains(UserID(command.applicationID.rawValue)))
        }
        guard let found else { throw CommandLineParser.refuse("No command /\(name)") }
        if let needed = found.memberPermissions, let guild = channel.guildID {
            let granted = permissions(of: user, in: guild)
            guard granted.contains(.administrator) || (needed != [] && granted.isSuperset(of: needed)) else {
                throw .missingPermissions
            }
        }
        return (found, body.dropFirst(name.count))
    }

    private func commandData(_ command: ApplicationCommand, _ parsed: CommandLineParser.Parsed) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .id(command.id), "name": .string(command.name), "type": .int(command.kind.rawValue),
        ]
        if !parsed.options.isEmpty { members["options"] = .array(parsed.options) }
        if let guild = command.guildID { members["guild_id"] = .id(guild) }
        if let resolved = parsed.resolved.json { members["resolved"] = resolved }
        return .object(members)
    }

    /// Presses a button or chooses from a menu.
    package mutating func useComponent(
        _ customID: String,
        of messageID: MessageID,
        values: [String] = [],
        by user: UserID
    ) throws(DiscordError) -> Interaction {
        guard let message = findMessage(messageID), message.visibleOnlyTo == nil || message.visibleOnlyTo == user else {
            throw .unknownMessage
        }
        let channel = try channel(message.channelID)
        try require([], of: user, in: channel)
        guard let application = message.applicationID,
            let component = ComponentForm.flatten(message.components).first(where: {
                $0["custom_id"]?.stringValue == customID
            })
        else { throw CommandLineParser.refuse("The message has no component \(customID)") }
        guard component["disabled"]?.boolValue != true else {
            throw CommandLineParser.refuse("The component \(customID) is disabled")
        }
        var data: [String: JSONValue] = [
            "custom_id": .string(customID), "component_type": component["type"] ?? 2, "id": component["id"] ?? 1,
        ]
        if component["type"] != 2 {
            if component["type"] == 3 {
                let offered = (component["options"]?.arrayValue ?? []).compactMap { $0["value"]?.stringValue }
                guard values.allSatisfy(offered.contains) else {
                    throw CommandLineParser.refuse("The menu offers \(offered.joined(separator: ", "))")
                }
            }
            data["values"] = .array(values.map { .string($0) })
        }
        return startInteraction(
            .component,
            of: application,
            in: channel,
            by: user,
            name: customID,
            data: .object(data),
            message: message
        )
    }

    /// Submits the modal that an interaction was answered with; `fields` by custom id.
    package mutating func submitModal(
        of id: InteractionID,
        fields: [String: String],
        by user: UserID
    ) throws(DiscordError) -> Interaction {
        guard let source = interactions[id], let modal = source.modal, source.userID == user else {
            throw .unknownInteraction
        }
        let channel = try channel(source.channelID)
        let rows = modal["components"]?.arrayValue ?? []
        func filled(_ component: JSONValue) -> JSONValue {
            var members: [String: JSONValue] = ["type": component["type"] ?? 4, "id": component["id"] ?? 1]
            members["custom_id"] = component["custom_id"]
            if let id = component["custom_id"]?.stringValue {
                let value = fields[id] ?? component["value"]?.stringValue ?? ""
                if component["type"] == 4 {
                    members["value"] = .string(value)
                } else {
                    members["values"] = [.string(value)]
                }
            }
            if let children = component["components"]?.arrayValue {
                members["components"] = .array(children.map(filled))
            }
            if let child = component["component"] { members["component"] = filled(child) }
            return .object(members)
        }
        interactions[id]?.modal = nil
        let data: JSONValue = ["custom_id": modal["custom_id"] ?? "", "components": .array(rows.map(filled))]
        return startInteraction(
            .modal,
            of: source.applicationID,
            in: channel,
            by: user,
            name: modal["custom_id"]?.stringValue ?? "",
            data: data,
            message: source.messageID.flatMap { history[channel.id]?[$0] }
        )
    }

    private mutating func startInteraction(
        _ kind: Interaction.Kind,
        of application: ApplicationID,
        in channel: DiscordChannel,
        by user: UserID,
        name: String,
        data: JSONValue,
        message: Message? = nil
    ) -> Interaction {
        let id = InteractionID(nextID())
        let interaction = Interaction(
            id: id,
            token: "sim_\(id)_\(Self.credential(id.rawValue, salt: 3))",
            applicationID: application,
            kind: kind,
            createdAt: now,
            channelID: channel.id,
            guildID: channel.guildID,
            userID: user,
            name: name,
            data: data,
            messageID: message?.id
        )
        interactions[id] = interaction
        interactionOrder.append(id)
        waitingInteractions.append(id)
        while interactionOrder.count > Self.interactionLimit, let oldest = interactionOrder.popFirst() {
            interactions[oldest] = nil
        }
        let payload = interactionJSON(interaction, in: channel, message)
        // Either way, never both: "These two methods are mutually exclusive" (Receiving and Responding).
        if !deliver(interaction, payload) {
            emit(
                "INTERACTION_CREATE",
                to: .users([UserID(application.rawValue)], guild: channel.guildID),
                intents: [],
                payload
            )
        }
        announce("interaction", interactionSummary(interaction))
        return interaction
    }

    private func interactionJSON(
        _ interaction: Interaction,
        in channel: DiscordChannel,
        _ message: Message?
    ) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .id(interaction.id), "application_id": .id(interaction.applicationID),
            "type": .int(interaction.kind.rawValue), "token": .string(interaction.token), "version": 1,
            "data": interaction.data, "channel_id": .id(channel.id), "channel": channelJSON(channel),
            "locale": "en-US", "entitlements": [], "entitlement_sku_ids": [], "attachment_size_limit": 10_485_760,
            "app_permissions": .permissions(permissions(of: UserID(interaction.applicationID.rawValue), in: channel)),
            "context": channel.guildID == nil ? 1 : 0,
        ]
        if let message { members["message"] = messageJSON(message, for: nil) }
        if let guildID = channel.guildID, let member = guilds[guildID]?.members[interaction.userID] {
            members["guild_id"] = .id(guildID)
            members["guild"] = ["id": .id(guildID), "locale": "en-US", "features": []]
            members["guild_locale"] = "en-US"
            members["authorizing_integration_owners"] = ["0": .id(guildID)]
            members["member"] = memberJSON(member).merging([
                "permissions": .permissions(permissions(of: interaction.userID, in: channel))
            ])
        } else {
            members["user"] = userJSON(interaction.userID)
            members["authorizing_integration_owners"] = ["0": "0"]
        }
        return .object(members)
    }

    /// Tells the page of interactions that got no callback in time: "the application did not respond".
    mutating func failLateInteractions() {
        while let first = waitingInteractions.first {
            guard let interaction = interactions[first] else {
                waitingInteractions.removeFirst()
                continue
            }
            guard interaction.state != .waiting || !interaction.acceptsCallback(at: now) else { return }
            waitingInteractions.removeFirst()
            if interaction.state == .waiting { announce("interaction", interactionSummary(interaction)) }
        }
    }

    /// An interaction as the control API shows it.
    package func interactionSummary(_ interaction: Interaction) -> JSONValue {
        let state =
            switch interaction.state {
            case .waiting: interaction.acceptsCallback(at: now) ? "waiting" : "failed"
            case .deferredMessage, .deferredUpdate: "deferred"
            case .answered: "answered"
            }
        return [
            "id": .id(interaction.id),
            "bot": .string(displayName(UserID(interaction.applicationID.rawValue), in: interaction.guildID)),
            "applicationId": .id(interaction.applicationID),
            "author": .string(displayName(interaction.userID, in: interaction.guildID)),
            "authorId": .id(interaction.userID), "channelId": .id(interaction.channelID),
            "name": .string(interaction.name),
            "kind": .int(interaction.kind.rawValue), "state": .string(state), "modal": interaction.modal ?? .null,
            "messageId": .id(interaction.originalID), "choices": interaction.choices.map { .array($0) } ?? .null,
        ]
    }
}
