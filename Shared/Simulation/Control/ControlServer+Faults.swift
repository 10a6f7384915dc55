import DiscordModel

/// Faults on demand: `{"target","kind","bot","count","ms"}`.
///
/// Target `gateway`: `reconnect`, `invalidSession` (`resumable`: true for op 9 with true), `drop`, `close` (`code`),
/// `damage` (bytes that continue no stream), `silence` (no heartbeat acks until `count` is 0), `refuseResume`,
/// `voiceServer` (new voice credentials), `voiceDrop`.
/// Target `rest`: `429` (`ms` to wait), `500`, `502`, `503`, `delay` (`ms`), `clear`. Other targets belong to other
/// doubles. Without `bot` a fault meets every bot.
extension ControlServer {
    func addFault(_ body: JSONValue) async throws(DiscordError) -> JSONValue {
        let kind = try Self.text(body, "kind")
        switch body["target"]?.stringValue ?? "gateway" {
        case "gateway":
            try discord.performGateway { state throws(DiscordError) in
                try Self.gatewayFault(kind, body, &state)
            }
        case "rest":
            try discord.perform { state throws(DiscordError) in try Self.restFault(kind, body, &state) }
        case let target:
            guard discord.takesForeignFault(body) else {
                throw CommandLineParser.refuse("No double \(target) takes the fault \(kind)")
            }
        }
        return ["id": .string(kind)]
    }

    private static func gatewayFault(
        _ kind: String,
        _ body: JSONValue,
        _ state: inout SimulatedDiscordState
    ) throws(DiscordError) -> [GatewayState.Action] {
        let bot = try bot(body, state.world)
        let application = bot.map { ApplicationID($0.rawValue) }
        let bots = bot.map { [$0] } ?? Array(state.world.onlineBots)
        let count = Int(body["count"]?.integerValue ?? 1)
        switch kind {
        case "reconnect": return state.gateway.askToReconnect(application)
        case "invalidSession", "invalid_session":
            let resumable = body["resumable"]?.boolValue ?? false
            return state.gateway.invalidateSessions(application, resumable: resumable, world: &state.world)
        case "drop": return state.gateway.dropConnections(application)
        case "damage": return state.gateway.damageConnections(application)
        case "close":
            let code = body["code"]?.integerOrText.flatMap { UInt16(exactly: $0) }.flatMap(GatewayCloseCode.init)
            return state.gateway.closeConnections(application, code ?? .unknownError)
        case "silence":
            for bot in bots {
                let id = ApplicationID(bot.rawValue)
                if count > 0 { state.gateway.silentBots.insert(id) } else { state.gateway.silentBots.remove(id) }
            }
            return []
        case "refuseResume":
            for bot in bots { state.gateway.refusedResumes[ApplicationID(bot.rawValue)] = count }
            return []
        case "voiceServer":
            for bot in bots { state.world.renewVoiceServer(of: bot, in: state.world.home) }
            return []
        case "voiceDrop":
            for bot in bots { state.world.leaveVoice(bot, in: state.world.home) }
            return []
        default: throw CommandLineParser.refuse("The gateway has no fault \(kind)")
        }
    }

    private static func restFault(
        _ kind: String,
        _ body: JSONValue,
        _ state: inout SimulatedDiscordState
    ) throws(DiscordError) {
        let bot = try bot(body, state.world)
        let count = Int(clamping: max(body["count"]?.integerValue ?? 1, 1))
        let wait = body["ms"]?.integerValue ?? 0
        let name = bot.flatMap { state.world.applications[ApplicationID($0.rawValue)]?.name }
        switch kind {
        case "clear":
            state.faults.clear()
            state.limits.forced = [:]
        case "429":
            for id in bot.map({ [ApplicationID($0.rawValue)] }) ?? Array(state.world.applications.keys) {
                state.limits.forced[id] = (count, EpochMilliseconds(clamping: wait == 0 ? 1000 : wait))
            }
        case "delay":
            state.faults.add(
                RESTFaults.Fault(status: nil, delay: .milliseconds(wait), bot: name, remaining: count)
            )
        case "5xx", "500", "502", "503", "504":
            let status = Int(kind) ?? 500
            state.faults.add(
                RESTFaults.Fault(status: status, delay: .milliseconds(wait), bot: name, remaining: count)
            )
        default: throw CommandLineParser.refuse("REST has no fault \(kind)")
        }
    }
}
