internal import DiscordModel
internal import FoundationEssentials
internal import NIOHTTP1

extension LimitReport {
    /// Reads the headers of an answer, and for 429 its body.
    init(_ headers: HTTPHeaders, status: Int, body: some Collection<UInt8>) {
        self.init()
        bucket = headers.first(name: "X-RateLimit-Bucket")
        limit = headers.first(name: "X-RateLimit-Limit").flatMap(Self.count)
        remaining = headers.first(name: "X-RateLimit-Remaining").flatMap(Self.count)
        // Relative to now: the absolute X-RateLimit-Reset would be read against a clock that may differ from Discord's. It
        // is good for comparing answers.
        resetAfter = headers.first(name: "X-RateLimit-Reset-After").flatMap(Self.seconds)
        reset = headers.first(name: "X-RateLimit-Reset").flatMap(Self.date)
        guard status == 429 else { return }
        let parsed = try? JSONDecoder().decode(RESTErrorBody.self, from: Data(body))
        let retryAfter =
            parsed?.retryAfter.flatMap { Self.seconds($0) } ?? headers.first(name: "Retry-After").flatMap(Self.seconds)
            // A 429 that names no time comes from Cloudflare; asking again soon makes it worse.
            ?? .seconds(60)
        let scope: Scope
        switch headers.first(name: "X-RateLimit-Scope") {
        case "global": scope = .global
        case "shared": scope = .shared
        default: scope = parsed?.global == true || headers.contains(name: "X-RateLimit-Global") ? .global : .user
        }
        rejection = Rejection(retryAfter: retryAfter, scope: scope)
    }

    /// A number of requests as text; one below 0 is nil like no number.
    private static func count(_ text: String) -> Int? {
        Int(text).flatMap { $0 >= 0 ? $0 : nil }
    }

    /// Seconds as text, 0 to an hour; anything else is nil.
    private static func seconds(_ text: String) -> Duration? {
        Double(text).flatMap { seconds($0) }
    }

    /// Seconds since 1970 as text, up to the year 9999; anything else is nil.
    private static func date(_ text: String) -> Duration? {
        Double(text).flatMap {
            (0..<253_402_300_800).contains($0) ? .milliseconds(Int64(($0 * 1000).rounded())) : nil
        }
    }

    private static func seconds(_ value: Double) -> Duration? {
        guard value.isFinite, value >= 0 else { return nil }
        return .milliseconds(Int64((min(value, 3600) * 1000).rounded(.up)))
    }
}
