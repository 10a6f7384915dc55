package import LLM

/// The model that answers for a persona: the common one, or its own.
package struct ModelDirectory: Sendable {
    private let common: any LanguageModel
    private let commonName: String
    private let transport: ModelTransport?

    package init(_ chosen: ModelSettings, transport: ModelTransport) {
        self.transport = transport
        common = chosen.model(over: transport)
        commonName = chosen.model
    }

    /// A directory in which everybody has the same model; for tests.
    package init(common: any LanguageModel) {
        self.common = common
        transport = nil
        commonName = common.name
    }

    /// The common model's name, for logs.
    package var name: String { common.name }

    /// The model of a persona.
    package func model(of persona: Persona) -> any LanguageModel {
        guard let own = persona.model, let transport else { return common }
        return OpenAICompatibleModel(
            .init(provider: "own", baseURL: own.baseURL, key: own.key, model: own.model ?? commonName),
            transport: transport
        )
    }
}
