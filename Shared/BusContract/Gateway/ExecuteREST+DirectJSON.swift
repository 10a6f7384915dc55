import DiscordModel

extension ExecuteREST: DirectJSON {
    package init?(directly json: UnsafeRawBufferPointer) {
        var (bot, method, path, body): (String?, String?, String?, String?)
        var (lane, auditReason, safety): (String?, String?, String?)
        let isRead = JSONCursor.readObject(json) { name, cursor throws(MalformedJSON) in
            if name.equals("bot") { return try cursor.take(into: &bot) }
            if name.equals("method") { return try cursor.take(into: &method) }
            if name.equals("path") { return try cursor.take(into: &path) }
            if name.equals("body") { return try cursor.take(into: &body) }
            if name.equals("lane") { return try cursor.take(into: &lane) }
            if name.equals("auditReason") { return try cursor.take(into: &auditReason) }
            if name.equals("safety") { return try cursor.take(into: &safety) }
            // Most calls have neither query nor files.
            if name.equals("query") || name.equals("files") { return try cursor.takeEmptyArray() }
            return false
        }
        guard isRead, let bot = bot.flatMap(BotID.init(rawValue:)) else { return nil }
        self.init(
            bot: bot,
            method: method ?? "",
            path: path ?? "",
            body: body ?? "",
            lane: Lane(rawValue: lane ?? ""),
            auditReason: auditReason ?? "",
            safety: RESTSafety(rawValue: safety ?? "")
        )
    }

    package func write(to json: inout JSONBytes) {
        json.object { json in
            json.field("bot", bot.rawValue)
            json.field("method", method)
            json.field("path", path)
            if !query.isEmpty {
                json.field("query", query) { json, item in
                    json.object { json in
                        json.field("name", item.name)
                        json.field("value", item.value)
                    }
                }
            }
            if !body.isEmpty { json.field("body", body) }
            if !files.isEmpty {
                json.field("files", files) { json, file in
                    json.object { json in
                        json.field("name", file.name)
                        json.field("contentType", file.contentType)
                        json.field("data", file.data.base64)
                    }
                }
            }
            json.field("lane", lane.rawValue)
            if !auditReason.isEmpty { json.field("auditReason", auditReason) }
            json.field("safety", safety.rawValue)
        }
    }
}

extension RESTOutcome: DirectJSON {
    package init?(directly json: UnsafeRawBufferPointer) {
        var status: Int?
        var body: String?
        let isRead = JSONCursor.readObject(json) { name, cursor throws(MalformedJSON) in
            if name.equals("status") { return try cursor.take(into: &status) }
            if name.equals("body") { return try cursor.take(into: &body) }
            return false
        }
        guard isRead else { return nil }
        self.init(status: status ?? 0, body: body ?? "")
    }

    package func write(to json: inout JSONBytes) {
        json.object { json in
            json.field("status", status)
            if !body.isEmpty { json.field("body", body) }
            if let failure {
                json.key("failure")
                json.object { json in
                    json.field("kind", failure.kind.rawValue)
                    if failure.code != 0 { json.field("code", failure.code) }
                    json.field("message", failure.message)
                }
            }
        }
    }
}
