/// The sentences that the local model builds its answers from, in one language.
///
/// Placeholders: `{name}` the bot, `{user}` the member, `{topic}` what the message is about, `{traits}` words of the
/// system prompt. A new language is one more file and one line in `of(_:)`.
struct Phrasebook: Sendable {
    /// One voice's way of saying things.
    struct Lines: Sendable {
        var greetings: [String]
        /// The first sentence of an answer to a question.
        var openings: [String]
        /// What the voice makes of a topic.
        var thoughts: [String]
        var closings: [String]
        var thanks: [String]
        var retorts: [String]
        var identity: [String]
    }

    /// Stands for `{user}` when the message does not say who wrote it.
    var friend: String
    /// Stands for `{topic}` when the message has none.
    var something: String
    var warm: Lines
    var dry: Lines
    var lively: Lines
    var calm: Lines
    var listIntroduction: String
    var listItems: [String]
    var codeIntroduction: String
    var sum: String
    var storyTitle: String
    var storySentences: [String]
    var storyCode: String
    var storyEnd: String
    /// Before what a tool returned; `{result}`.
    var toolResult: String

    func lines(for voice: PersonaReading.Voice) -> Lines {
        switch voice {
        case .warm, .plain: warm
        case .dry: dry
        case .lively: lively
        case .calm: calm
        }
    }

    static func of(_ language: ModelLanguage) -> Phrasebook {
        switch language {
        case .english: english
        case .ukrainian: ukrainian
        case .russian: russian
        case .korean: korean
        case .chinese: chinese
        }
    }
}
