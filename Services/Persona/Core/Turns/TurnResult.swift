import LLM
import Postgres
import Store

/// How a turn ended.
struct TurnResult: Sendable {
    /// The ends of a turn.
    enum Outcome: String, Sendable, Codable {
        case answered
        /// The member was told why there is no answer.
        case failed
        /// The member was told that it is too late.
        case expired
        /// Question or answer was deleted.
        case withdrawn
        /// Discord does not let the bot speak there.
        case refused
        /// Nobody could be told for a day.
        case abandoned
    }

    var outcome: Outcome
    /// Why, for an operator; empty when it went well.
    var detail = ""
    /// The model that was asked; empty if none was.
    var model = ""
    var usage: TokenUsage?

    /// The state of the turn's row.
    var state: Turn.State {
        switch outcome {
        case .answered: .answered
        case .expired: .expired
        case .failed, .withdrawn, .refused, .abandoned: .failed
        }
    }

    /// What the row records of it.
    func record() throws(PostgresError) -> JSONParameter {
        struct Record: Encodable {
            let outcome: String
            let detail: String
            let model: String
            let inputTokens: Int?
            let outputTokens: Int?
        }
        return try .json(
            Record(
                outcome: outcome.rawValue,
                detail: detail,
                model: model,
                inputTokens: usage?.input,
                outputTokens: usage?.output
            )
        )
    }
}
