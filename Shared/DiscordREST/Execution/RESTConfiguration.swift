/// How to reach Discord's REST API.
package struct RESTConfiguration: Sendable {
    /// Without a slash at the end.
    package var baseURL = "https://discord.com/api/v10"
    /// Discord refuses requests without one of this form (API reference, "User Agent").
    package var userAgent = "DiscordBot (https://github.com/ensemble-bots/ensemble, 0.1)"
    package var limits = RateLimits()
    /// Longest wait for one answer. Default 15 s.
    package var requestTimeout = Duration.seconds(15)
    /// How often a request is sent again after a fault, where that does no harm. Default 4.
    package var maximumRetries = 4
    /// Largest answer taken, in bytes. Default 16 MiB.
    package var maximumBody = 16 * 1024 * 1024

    package init() {}
}
