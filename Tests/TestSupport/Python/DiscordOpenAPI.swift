import FoundationEssentials

/// Discord's OpenAPI description, and the check of recorded calls against it.
package enum DiscordOpenAPI {
    private static let checkout = BuiltProducts.checkout.path
    private static let description = checkout + "/../shared/data/discord-openapi.json"
    private static let exemptions = checkout + "/Tests/Conformance/openapi-exemptions.yaml"

    /// Whether the description is on this machine: it lies beside the checkout, not in it.
    package static var isPresent: Bool { FileManager.default.fileExists(atPath: description) }

    /// Checks the calls that a local Discord has recorded with their bodies: requests and answers.
    ///
    /// - Parameters:
    ///   - url: the local Discord's address.
    ///   - bots: those whose calls are checked, each of which must have made some; empty: everybody's.
    ///   - isStrict: for calls of our own client: nothing that the description does not name.
    /// - Returns: what the check says; nil, after a line that tells why, when the description is absent.
    /// - Throws: ``PythonClient/ScriptFailed`` that lists what does not fit.
    package static func check(_ url: String, bots: [String] = [], isStrict: Bool = false) async throws -> String? {
        guard isPresent else {
            print("SKIPPED: the check against Discord's OpenAPI description, for ../shared is absent")
            return nil
        }
        let arguments = (isStrict ? ["--strict"] : []) + [description, exemptions, url] + bots
        return try await PythonClient.run("discord_openapi.py", arguments: arguments)
    }
}
