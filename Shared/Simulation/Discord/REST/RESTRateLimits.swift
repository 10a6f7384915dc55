import DiscordModel

/// Rate limits as REST clients meet them: one bucket per bot, route and top-level resource, and a global limit.
///
/// The numbers are not documented by Discord and change; these are of the size that bots see. Windows are fixed.
package struct RESTRateLimits: Sendable {
    package struct Limit: Sendable, Equatable {
        package let requests: Int
        package let window: EpochMilliseconds

        package init(_ requests: Int, per window: EpochMilliseconds) {
            self.requests = requests
            self.window = window
        }
    }

    package struct Settings: Sendable {
        /// Buckets are announced in headers and enforced.
        package var isEnabled = true
        /// Requests a second of one bot; nil for no limit.
        package var global: Int? = 50
        /// By `METHOD /template`.
        package var routes: [String: Limit] = [
            "POST /channels/{channel_id}/messages": Limit(5, per: 5000),
            "PATCH /channels/{channel_id}/messages/{message_id}": Limit(5, per: 5000),
            "DELETE /channels/{channel_id}/messages/{message_id}": Limit(5, per: 1000),
            "POST /channels/{channel_id}/messages/bulk-delete": Limit(1, per: 1000),
            "POST /channels/{channel_id}/typing": Limit(5, per: 5000),
            "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me": Limit(1, per: 250),
            "PATCH /guilds/{guild_id}/members/{user_id}": Limit(10, per: 10_000),
            "PATCH /guilds/{guild_id}/members/@me": Limit(2, per: 10_000),
            "PUT /applications/{application_id}/commands": Limit(2, per: 60_000),
            "PATCH /channels/{channel_id}": Limit(5, per: 15_000),
        ]
        /// For every other route.
        package var standard = Limit(50, per: 1000)

        package init() {}

        /// No limit and no headers: for measuring something else.
        package static var off: Self {
            var settings = Self()
            settings.isEnabled = false
            settings.global = nil
            return settings
        }
    }

    package enum Verdict: Sendable, Equatable {
        /// Let it through, with these headers.
        case admitted([String: String])
        case refused(headers: [String: String], body: JSONValue)
    }

    private struct Key: Hashable {
        let bot: ApplicationID
        let route: String
        let resource: String
    }

    private struct Window {
        var start: EpochMilliseconds
        var used: Int
    }

    /// Buckets that are remembered; far more than any test needs.
    private static let bucketLimit = 4096

    package var settings: Settings
    private var buckets: [Key: Window] = [:]
    private var globals: [ApplicationID: Window] = [:]

    package init(settings: Settings = Settings()) {
        self.settings = settings
    }

    /// Counts a request.
    ///
    /// - Parameter resource: the value of the route's channel, guild or webhook.
    mutating func admit(
        _ route: RESTRoute,
        resource: String,
        bot: ApplicationID,
        at now: EpochMilliseconds
    ) -> Verdict {
        if !route.isExemptFromGlobalLimit, let global = settings.global {
            var window = globals[bot] ?? Window(start: now, used: 0)
            if now >= window.start + 1000 { window = Window(start: now, used: 0) }
            guard window.used < global else {
                return refusal(after: window.start + 1000 - now, scope: "global", isGlobal: true, headers: [:])
            }
            window.used += 1
            globals[bot] = window
        }
        guard settings.isEnabled, !route.isExemptFromGlobalLimit else { return .admitted([:]) }
        let name = route.name
        let limit = limit(of: route)
        let key = Key(bot: bot, route: name, resource: resource)
        if buckets.count > Self.bucketLimit { buckets = buckets.filter { now < $0.value.start + 60_000 } }
        var window = buckets[key] ?? Window(start: now, used: 0)
        if now >= window.start + limit.window { window = Window(start: now, used: 0) }
        let end = window.start + limit.window
        var headers = [
            "X-RateLimit-Limit": String(limit.requests), "X-RateLimit-Reset": Self.seconds(end),
            "X-RateLimit-Reset-After": Self.seconds(end - now), "X-RateLimit-Bucket": Self.bucketName(name),
        ]
        guard window.used < limit.requests else {
            headers["X-RateLimit-Remaining"] = "0"
            return refusal(after: end - now, scope: "user", isGlobal: false, headers: headers)
        }
        window.used += 1
        buckets[key] = window
        headers["X-RateLimit-Remaining"] = String(limit.requests - window.used)
        return .admitted(headers)
    }

    private func limit(of route: RESTRoute) -> Limit { settings.routes[route.name] ?? settings.standard }

    /// The refusal that a fault wants: as if the bucket, a shared resource or the bot's global limit were used up.
    func refusal(
        _ kind: RESTFaultKind,
        of route: RESTRoute,
        after wait: EpochMilliseconds,
        at now: EpochMilliseconds
    )
        -> Verdict
    {
        if kind == .globalLimit { return refusal(after: wait, scope: "global", isGlobal: true, headers: [:]) }
        let headers = [
            "X-RateLimit-Limit": String(limit(of: route).requests), "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": Self.seconds(now + wait), "X-RateLimit-Reset-After": Self.seconds(wait),
            "X-RateLimit-Bucket": Self.bucketName(route.name),
        ]
        return refusal(after: wait, scope: kind == .sharedLimit ? "shared" : "user", isGlobal: false, headers: headers)
    }

    private func refusal(
        after wait: EpochMilliseconds,
        scope: String,
        isGlobal: Bool,
        headers: [String: String]
    ) -> Verdict {
        var headers = headers
        headers["Retry-After"] = String((wait + 999) / 1000)
        headers["X-RateLimit-Scope"] = scope
        if isGlobal { headers["X-RateLimit-Global"] = "true" }
        return .refused(
            headers: headers,
            body: [
                "message": "You are being rate limited.", "code": 0, "retry_after": .number(Double(wait) / 1000),
                "global": .bool(isGlobal),
            ]
        )
    }

    private static func seconds(_ milliseconds: EpochMilliseconds) -> String {
        "\(milliseconds / 1000).\(String(1000 + milliseconds % 1000).dropFirst())"
    }

    /// Discord's bucket names are opaque; the resource is no part of them.
    private static func bucketName(_ route: String) -> String {
        World.credential(route.utf8.reduce(5381) { ($0 &* 33) ^ UInt64($1) }, salt: 6)
    }
}
