/// Ways in which the local REST API fails on purpose.
package enum RESTFaultKind: String, FaultKind {
    /// 429 of the route's bucket; `ms` until another try.
    case bucketLimit = "429"
    /// 429 of a resource that all bots share.
    case sharedLimit = "429-shared"
    /// 429 of everything that the bot does.
    case globalLimit = "429-global"
    /// 429 of the proxy in front of Discord: a page instead of JSON, and no `Via`.
    case proxyLimit = "429-cloudflare"
    case status500 = "500"
    case status502 = "502"
    case status503 = "503"
    case status504 = "504"
    /// Nothing is done for `ms`; then it is, and answered.
    case delay
    /// The connection closes; nothing was done.
    case dropBefore = "drop-before"
    /// All is done, then the connection closes without an answer.
    case dropAfter = "drop-after"
    /// All is done, and the connection is reset in the middle of the answer.
    case reset
    /// All is done and its events are sent; the answer comes `ms` later.
    case lateAnswer = "late-answer"
    /// All is done and answered; its events come `ms` later.
    case lateEvent = "late-event"

    package static var target: FaultTarget { .rest }
    /// All of them: a call meets any.
    static let all = Set(allCases)

    package var traits: FaultTraits {
        switch self {
        case .bucketLimit, .sharedLimit, .globalLimit, .proxyLimit, .delay, .lateAnswer, .lateEvent:
            FaultTraits(milliseconds: .wait(1_000), takesRoute: true)
        case .status500: FaultTraits(aliases: ["5xx"], takesRoute: true)
        case .status502, .status503, .status504, .dropAfter, .reset: FaultTraits(takesRoute: true)
        case .dropBefore: FaultTraits(aliases: ["drop"], takesRoute: true)
        }
    }

    /// The status that is answered instead of doing anything; nil for other faults.
    var status: Int? {
        switch self {
        case .bucketLimit, .sharedLimit, .globalLimit, .proxyLimit: 429
        case .status500: 500
        case .status502: 502
        case .status503: 503
        case .status504: 504
        case .delay, .dropBefore, .dropAfter, .reset, .lateAnswer, .lateEvent: nil
        }
    }

    /// The page that proxies answer with; nil where Discord itself answers.
    var page: String? {
        switch self {
        case .proxyLimit:
            Self.page(
                "Access denied | discord.com used Cloudflare to restrict access",
                "Error 1015. You are being rate limited."
            )
        case .status500: Self.page("500 Internal Server Error", "500 Internal Server Error")
        case .status502: Self.page("502 Bad Gateway", "502 Bad Gateway")
        case .status503: Self.page("503 Service Unavailable", "503 Service Unavailable")
        case .status504: Self.page("504 Gateway Timeout", "504 Gateway Timeout")
        default: nil
        }
    }

    private static func page(_ title: String, _ heading: String) -> String {
        "<!DOCTYPE html>\n<html><head><title>\(title)</title></head><body><center><h1>\(heading)</h1></center></body></html>"
    }

    /// Whether a route of an order includes the called one: a method, or a method and a template.
    static func includes(_ ordered: String?, _ called: RESTRoute) -> Bool {
        ordered == nil || ordered == called.method.rawValue || ordered == called.name
    }
}
