package import ServiceKit

/// A model server that one bot uses instead of the common one: `llm_config` of `config/fleet.yaml`.
package struct OwnModel: Sendable, Hashable {
    /// An OpenAI-compatible base URL, with the version.
    package var baseURL: String
    package var key: Secret?
    /// Nil: the common model's name.
    package var model: String?

    package init(baseURL: String, key: Secret?, model: String?) {
        self.baseURL = baseURL
        self.key = key
        self.model = model
    }
}
