/// A provider of models: where it is, what its settings are called and which protocol it speaks.
package struct Provider: Sendable, Hashable {
    /// The protocol a provider speaks.
    package enum Dialect: Sendable, Hashable {
        case openAI
        case anthropic
    }

    /// As `PERSONA_PROVIDER` names it.
    package let name: String
    /// What its settings begin with: `<PREFIX>_API_KEY`, `<PREFIX>_BASE_URL`, `<PREFIX>_MODEL`.
    package let prefix: String
    package let dialect: Dialect
    package let baseURL: String
    package let model: String
    /// False for servers on one's own machine.
    package let needsKey: Bool

    /// Every provider that we know. Any server that speaks OpenAI's protocol works as `openai` with its own base URL.
    package static let catalogue: [Provider] = [
        Provider(
            name: "openai",
            prefix: "OPENAI",
            dialect: .openAI,
            baseURL: "https://api.openai.com/v1",
            model: "gpt-4o-mini",
            needsKey: true
        ),
        Provider(
            name: "anthropic",
            prefix: "ANTHROPIC",
            dialect: .anthropic,
            baseURL: "https://api.anthropic.com",
            model: "claude-3-5-haiku-latest",
            needsKey: true
        ),
        Provider(
            name: "groq",
            prefix: "GROQ",
            dialect: .openAI,
            baseURL: "https://api.groq.com/openai/v1",
            model: "llama-3.3-70b-versatile",
            needsKey: true
        ),
        Provider(
            name: "openrouter",
            prefix: "OPENROUTER",
            dialect: .openAI,
            baseURL: "https://openrouter.ai/api/v1",
            model: "openrouter/auto",
            needsKey: true
        ),
        Provider(
            name: "ollama",
            prefix: "OLLAMA",
            dialect: .openAI,
            baseURL: "http://127.0.0.1:11434/v1",
            model: "llama3.2",
            needsKey: false
        ),
    ]
}
