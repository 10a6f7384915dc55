import BusContract
import CommandKit
import DiscordModel
import DurableEvents
import Store

/// `/words add|remove|list`: edits the guild's word list. The first change copies the default list.
struct WordsCommand: Command {
    let spine: Spine
    let lists: WordListCache

    let declaration = CommandDeclaration(
        "words",
        subcommands: [
            Subcommand("add", options: [CommandOption("word", .string, range: 1...100)]),
            Subcommand("remove", options: [CommandOption("word", .string, hasAutocomplete: true, range: 1...100)]),
            Subcommand("list"),
        ],
        defaultPermissions: .manageGuild,
        deferral: .ephemeral
    )

    func run(_ invocation: Invocation) async throws -> Answer {
        let guild = try invocation.guild()
        try invocation.require(.manageGuild)
        switch invocation.subcommand {
        case "add": return try await change(invocation, guild, add)
        case "remove": return try await change(invocation, guild, remove)
        default: return .ephemeral(list(try await words(of: guild), invocation))
        }
    }

    func complete(_ invocation: Invocation) async throws -> [Choice] {
        let typed = (invocation.string("word") ?? "").lowercased()
        return try await words(of: try invocation.guild())
            .filter { typed.isEmpty || $0.lowercased().contains(typed) }
            .prefix(25).map { Choice(name: $0, value: $0) }
    }

    private func words(of guild: GuildID) async throws -> [String] {
        try await WordLists(spine.database).words(of: guild) ?? lists.defaultWords
    }

    private func change(
        _ invocation: Invocation,
        _ guild: GuildID,
        _ change: (inout [String], String) throws -> String
    ) async throws -> Answer {
        let word = try invocation.required("word").split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard !WordPattern(word).bytes.isEmpty else { throw CommandRefusal("words.unusable", ["word": word]) }
        let key = try await spine.transaction { transaction in
            let table = WordLists(transaction)
            try await table.lock(guild)
            let before = try await table.words(of: guild) ?? lists.defaultWords
            var words = before
            let key = try change(&words, word)
            guard words != before else { return key }
            try await table.replace(words, of: guild, by: invocation.member.user)
            try await AuditLog(transaction).append(
                AuditEntry(
                    key: invocation.key,
                    guild: guild,
                    actor: "user:\(invocation.member.user)",
                    action: "words.\(invocation.subcommand)",
                    subject: "words",
                    details: ["word": word]
                )
            )
            return key
        }
        lists.forget(guild)
        return .ephemeral(invocation.text(key, ["word": word]))
    }

    /// Adds the word; returns the key of the text that says what happened.
    private func add(_ words: inout [String], _ word: String) throws -> String {
        guard !words.contains(where: { $0.lowercased() == word.lowercased() }) else { return "words.present" }
        guard words.count < WordLists.limit else {
            throw CommandRefusal("words.full", ["count": "\(WordLists.limit)"])
        }
        words.append(word)
        return "words.added"
    }

    private func remove(_ words: inout [String], _ word: String) -> String {
        let before = words.count
        words.removeAll { $0.lowercased() == word.lowercased() }
        return words.count < before ? "words.removed" : "words.absent"
    }

    private func list(_ words: [String], _ invocation: Invocation) -> OutgoingMessage {
        guard !words.isEmpty else { return OutgoingMessage(content: invocation.text("words.empty")) }
        // As many as fit into a message; the words are hidden behind spoiler marks.
        var shown: [String] = []
        var length = 0
        for word in words where length + word.count + 8 < 1_600 {
            shown.append("||`\(word.replacing("`", with: "ˋ"))`||")
            length += word.count + 8
        }
        var text = invocation.text("words.list", ["count": "\(words.count)", "words": shown.joined(separator: " ")])
        if shown.count < words.count {
            text += invocation.text("words.more", ["count": "\(words.count - shown.count)"])
        }
        return OutgoingMessage(content: text)
    }
}
