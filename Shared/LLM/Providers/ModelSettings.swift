package import ServiceKit

/// Which model answers, from the environment.
///
/// | variable | meaning | default |
/// |---|---|---|
/// | `PERSONA_PROVIDER` | a name of `Provider.catalogue` | the first whose key (or, for `openai`, base URL) is set |
/// | `<PREFIX>_API_KEY` | the provider's key | none; needed except for local servers |
/// | `<PREFIX>_BASE_URL` | another server with the same protocol | the provider's own |
/// | `<PREFIX>_MODEL` | the model | the catalogue's |
package struct ModelSettings: Sendable {
    package let provider: Provider
    package let baseURL: String
    package let key: Secret?
    package let model: String

    /// Reads the settings.
    ///
    /// - Throws: When no provider is set up, the named one is unknown, or a needed key is missing.
    package init(_ settings: Settings) throws(ConfigurationError) {
        let provider = try Self.chosen(settings)
        let url = settings.string("\(provider.prefix)_BASE_URL", default: provider.baseURL)
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw ConfigurationError(
                key: "\(provider.prefix)_BASE_URL",
                expected: "an http or https URL",
                found: "\"\(url)\""
            )
        }
        self.provider = provider
        baseURL = url
        model = settings.string("\(provider.prefix)_MODEL", default: provider.model)
        key = settings.optional("\(provider.prefix)_API_KEY").map { Secret($0) }
        // A server of one's own choice may need no key.
        guard key != nil || !provider.needsKey || url != provider.baseURL else {
            throw .missing("\(provider.prefix)_API_KEY", expected: "the key of the model provider \(provider.name)")
        }
    }

    private static func chosen(_ settings: Settings) throws(ConfigurationError) -> Provider {
        let names = Provider.catalogue.map(\.name).joined(separator: ", ")
        if let name = settings.optional("PERSONA_PROVIDER") {
            guard let provider = Provider.catalogue.first(where: { $0.name == name.lowercased() }) else {
                throw ConfigurationError(key: "PERSONA_PROVIDER", expected: "one of \(names)", found: "\"\(name)\"")
            }
            return provider
        }
        let isSetUp: (Provider) -> Bool = { provider in
            settings.has("\(provider.prefix)_API_KEY") || settings.has("\(provider.prefix)_BASE_URL")
        }
        guard let provider = Provider.catalogue.first(where: isSetUp) else {
            throw .missing(
                "OPENAI_API_KEY",
                expected: "a key or base URL of a model provider (\(names)), such as OPENAI_API_KEY or OLLAMA_BASE_URL"
            )
        }
        return provider
    }

    /// The model that these settings describe.
    package func model(over transport: ModelTransport) -> any LanguageModel {
        switch provider.dialect {
        case .openAI:
            OpenAICompatibleModel(
                .init(provider: provider.name, baseURL: baseURL, key: key, model: model),
                transport: transport
            )
        case .anthropic:
            // The initialiser has seen to the key unless another server was chosen.
            AnthropicModel(.init(baseURL: baseURL, key: key ?? Secret(""), model: model), transport: transport)
        }
    }
}
