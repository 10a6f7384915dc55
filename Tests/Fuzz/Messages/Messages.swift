import DiscordModel
import FuzzSupport

/// A message that the reader takes is what Foundation reads in it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMessages(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    fuzz(data, count) { bytes in
        guard let message = try? MessageEvent(json: bytes) else { return }
        guard let document = Document(bytes) else { return require(false, "Foundation refuses the message") }
        // A number with a fraction or an exponent is no id for us; Foundation does not tell it from a whole one.
        func agreeOnID(_ mine: UInt64?, _ theirs: Document?, _ what: String) {
            if mine == nil, let theirs, theirs.text == nil { return }
            require(mine == theirs?.id, what)
        }
        agreeOnID(message.id.rawValue, document["id"], "id")
        agreeOnID(message.channelID.rawValue, document["channel_id"], "channel_id")
        agreeOnID(message.guildID?.rawValue, document["guild_id"], "guild_id")
        agreeOnID(message.webhookID, document["webhook_id"], "webhook_id")
        agreeOnID(message.author.id.rawValue, document["author"]?["id"], "author.id")
        agree(message.author.username, document["author"]?["username"]?.text ?? "", "author.username")
        agree(message.author.globalName, document["author"]?["global_name"]?.text, "author.global_name")
        require(message.author.isBot == (document["author"]?["bot"]?.isTrue ?? false), "author.bot")
        agree(message.content, document["content"]?.text ?? "", "content")
        agree(message.member?.nick, document["member"]?["nick"]?.text, "member.nick")
        require((message.member == nil) == !(document["member"]?.isObject ?? false), "member")
        require(message.mentionsEveryone == (document["mention_everyone"]?.isTrue ?? false), "mention_everyone")
        let attachments = (document["attachments"]?.elements ?? []).filter(\.isObject)
        require(message.attachments.count == attachments.count, "attachments")
        for (mine, theirs) in zip(message.attachments, attachments) {
            agree(mine.url, theirs["url"]?.text ?? "", "attachment.url")
            agree(mine.filename, theirs["filename"]?.text ?? "", "attachment.filename")
        }
        agree(message.reference?.content, document["referenced_message"]?["content"]?.text, "referenced_message")
        for instant in [message.timestamp, message.editedTimestamp, message.member?.joinedAt].compactMap(\.self) {
            require(Timestamp(instant.description) == instant, "\(instant.milliseconds) is written as \(instant)")
        }
    }
}

/// Not by `==`, for which two spellings of é are one.
private func agree(_ mine: String?, _ theirs: String?, _ what: String) {
    require(mine.map { Array($0.utf8) } == theirs.map { Array($0.utf8) }, what)
}
