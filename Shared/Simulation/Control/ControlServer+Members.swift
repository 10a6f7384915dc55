import DiscordModel

/// What members do.
extension ControlServer {
    func postMessage(_ body: JSONValue) async throws(DiscordError) -> JSONValue {
        try discord.perform { state throws(DiscordError) in
            let author = try Self.author(body, state.world)
            let channel = try Self.channelToWriteIn(body, as: author, &state.world)
            let content = state.world.resolvingMentions(try Self.text(body, "content"))
            var draft = try MessageDraft(["content": .string(content)])
            draft.reply = body["replyTo"]?.snowflake(MessageID.self)
            let message = try state.world.createMessage(draft, in: channel.id, by: author)
            return ["id": .id(message.id), "channelId": .id(channel.id)]
        }
    }

    func editMessage(_ body: JSONValue) async throws(DiscordError) -> JSONValue {
        try discord.perform { state throws(DiscordError) in
            let author = try Self.author(body, state.world)
            let message = try Self.message(body, state.world)
            let content = state.world.resolvingMentions(try Self.text(body, "content"))
            let draft = try MessageDraft(["content": .string(content)])
            try state.world.editMessage(message.id, in: message.channelID, draft, by: author)
            return ["id": .id(message.id)]
        }
    }

    func deleteMessage(_ body: JSONValue) async throws(DiscordError) -> JSONValue {
        try discord.perform { state throws(DiscordError) in
            let author = try Self.author(body, state.world)
            let message = try Self.message(body, state.world)
            try state.world.deleteMessage(message.id, in: message.channelID, by: author)
            return ["id": .id(message.id)]
        }
    }

    func setReaction(_ body: JSONValue) async throws(DiscordError) -> JSONValue {
        try discord.perform { state throws(DiscordError) in
            let author = try Self.author(body, state.world)
            let message = try Self.message(body, state.world)
            let emoji = try Self.text(body, "emoji")
            if body["remove"]?.boolValue == true {
                try state.world.removeReaction(emoji, of: author, from: message.id, in: message.channelID, by: author)
            } else {
                try state.world.addReaction(emoji, to: message.id, in: message.channelID, by: author)
            }
            return ["id": .id(message.id)]
        }
    }

    func startTyping(_ body: JSONValue) async throws(DiscordError) -> JSONValue {
        try discord.perform { state throws(DiscordError) in
            let author = try Self.author(body, state.world)
            let channel = try Self.channelToWriteIn(body, as: author, &state.world)
            try state.world.startTyping(in: channel.id, by: author)
            return ["id": .id(channel.id)]
        }
    }

    func addMember(_ body: JSONValue) async throws(DiscordError) -> JSONValue {
        try discord.perform { state throws(DiscordError) in
            let name = try Self.text(body, "name")
            if body["leave"]?.boolValue == true {
                guard let user = state.world.findUser(name) else { throw CommandLineParser.refuse("No member \(name)") }
                try state.world.leave(state.world.home, user)
                return ["id": .id(user)]
            }
            let member = try state.world.addMember(named: name, to: state.world.home)
            return ["id": .id(member.userID)]
        }
    }

    func setVoice(_ body: JSONValue) async throws(DiscordError) -> JSONValue {
        try discord.perform { state throws(DiscordError) in
            let author = try Self.author(body, state.world)
            var request = World.VoiceRequest(channel: nil)
            if let name = body["channel"]?.stringValue { request.channel = try Self.channel(name, state.world).id }
            request.selfMute = body["selfMute"]?.boolValue ?? false
            request.selfDeaf = body["selfDeaf"]?.boolValue ?? false
            try state.world.updateVoice(request, of: author, in: state.world.home)
            return ["id": .id(author), "channelId": .id(request.channel)]
        }
    }

    // MARK: - Interactions

    func useCommand(_ body: JSONValue) async throws(DiscordError) -> JSONValue {
        try discord.perform { state throws(DiscordError) in
            let author = try Self.author(body, state.world)
            let channel = try Self.channelToWriteIn(body, as: author, &state.world)
            let interaction = try state.world.useCommand(
                try Self.text(body, "command"),
                in: channel.id,
                by: author,
                bot: try Self.bot(body, state.world)
            )
            return ["id": .id(interaction.id)]
        }
    }

    func useComponent(_ body: JSONValue) async throws(DiscordError) -> JSONValue {
        try discord.perform { state throws(DiscordError) in
            let author = try Self.author(body, state.world)
            let message = try Self.message(body, state.world)
            let values = (body["values"]?.arrayValue ?? []).compactMap(\.stringValue)
            let interaction = try state.world.useComponent(
                try Self.text(body, "customId"),
                of: message.id,
                values: values,
                by: author
            )
            return ["id": .id(interaction.id)]
        }
    }

    func submitModal(_ body: JSONValue) async throws(DiscordError) -> JSONValue {
        try discord.perform { state throws(DiscordError) in
            let author = try Self.author(body, state.world)
            guard let id = InteractionID(try Self.text(body, "interaction")) else { throw .unknownInteraction }
            let fields = (body["fields"]?.objectValue ?? [:]).compactMapValues(\.stringValue)
            let interaction = try state.world.submitModal(of: id, fields: fields, by: author)
            return ["id": .id(interaction.id)]
        }
    }

    /// Waits for the application's choices, at most as long as Discord waits.
    func autocomplete(_ body: JSONValue) async throws(DiscordError) -> JSONValue {
        let changes = discord.feed.follow()
        let interaction = try discord.perform { state throws(DiscordError) in
            let author = try Self.author(body, state.world)
            let channel = try Self.channelToWriteIn(body, as: author, &state.world)
            return try state.world.autocomplete(
                try Self.text(body, "command"),
                focused: try Self.text(body, "focused"),
                in: channel.id,
                by: author,
                bot: try Self.bot(body, state.world)
            )
        }
        let wanted = interaction.id.description
        let choices = await withTaskGroup(of: JSONValue?.self) { group in
            group.addTask {
                for await change in changes where change.kind == "interaction" {
                    if change.payload["id"]?.stringValue == wanted, change.payload["choices"]?.arrayValue != nil {
                        return change.payload["choices"]
                    }
                }
                return nil
            }
            group.addTask {
                try? await Task.sleep(for: .milliseconds(Int64(Interaction.callbackDeadline)))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        return ["id": .id(interaction.id), "choices": choices ?? [], "answered": .bool(choices != nil)]
    }
}
