import DiscordModel
import Simulation

/// Faults of Lavalink and of the language model, as `POST /control/faults` asks for them.
///
/// `{"target": "lavalink", "kind": "dead" | "drop" | "close" | "stuck" | "exception" | "voiceClosed" | "loadErrors" |
/// "500" | "delay", "bot", "count", "ms", "code"}` and
/// `{"target": "llm", "kind": <a ModelFault.Kind> or "clear", "count", "ms"}`.
struct FaultDesk: Sendable {
    let discord: SimulatedDiscord
    let lavalink: LavalinkDouble
    let model: LanguageModelDouble

    /// - Returns: false when no double knows such a fault.
    func take(_ fault: JSONValue) -> Bool {
        guard let kind = fault["kind"]?.stringValue else { return false }
        let count = max(1, Int(clamping: fault["count"]?.integerValue ?? 1))
        let delay = Duration.milliseconds(fault["ms"]?.integerValue ?? 1_000)
        switch fault["target"]?.stringValue {
        case "lavalink":
            guard let fault = lavalinkFault(kind, fault, count: count, delay: delay) else { return false }
            lavalink.inject(fault)
            return true
        case "llm", "model":
            if kind == "clear" {
                model.clearFaults()
                return true
            }
            guard let kind = modelFault(kind) else { return false }
            model.inject(ModelFault(kind, count: count, delay: delay))
            return true
        default: return false
        }
    }

    private func lavalinkFault(_ kind: String, _ fault: JSONValue, count: Int, delay: Duration) -> LavalinkFault? {
        let name = fault["bot"]?.stringValue
        let bot = name.flatMap { name in
            (try? discord.withWorld { world throws(DiscordError) in world.findUser(name)?.rawValue }) ?? nil
        }
        // A bot that is not known must not become every bot.
        if name != nil, bot == nil { return nil }
        return switch kind {
        case "dead": .dead(delay)
        case "drop": .dropSockets
        case "close": .closeSockets
        case "stuck": .stuck(bot: bot)
        case "exception": .exception(bot: bot)
        case "voiceClosed": .voiceClosed(code: fault["code"]?.integerValue ?? 4006, bot: bot)
        case "loadErrors": .loadErrors(count: count)
        case "500", "5xx": .serverErrors(count: count)
        case "delay", "slow": .slow(delay: delay, count: count)
        default: nil
        }
    }

    /// The kinds by their names, and by the status that they answer with.
    private func modelFault(_ kind: String) -> ModelFault.Kind? {
        switch kind {
        case "401": .unauthorized
        case "429": .rateLimited
        case "500", "5xx": .serverError
        case "503", "529": .overloaded
        case "delay": .stalled
        case "broken", "drop": .brokenStream
        default: ModelFault.Kind(rawValue: kind)
        }
    }
}
