/// One route of Discord's REST API.
struct RESTRoute: Sendable {
    enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    typealias Handler = @Sendable (inout SimulatedDiscordState, RESTRequest) throws(DiscordError) -> RESTResponse

    let method: Method
    /// As in Discord's OpenAPI description: `/channels/{channel_id}/messages`.
    let template: String
    let components: [Substring]
    /// Whether a bot token is needed; interaction callbacks and webhooks carry their own.
    let needsToken: Bool
    /// What Discord asks others about before it does anything.
    let check: Check?
    let handler: Handler

    typealias Check = @Sendable (SimulatedDiscord, RESTRequest) async throws(DiscordError) -> Void

    init(
        _ method: Method,
        _ template: String,
        token: Bool = true,
        check: Check? = nil,
        _ handler: @escaping Handler
    ) {
        self.method = method
        self.template = template
        components = template.split(separator: "/")
        needsToken = token
        self.check = check
        self.handler = handler
    }

    /// `POST /channels/{channel_id}/messages`.
    var name: String { "\(method.rawValue) \(template)" }

    /// Exempt from the global limit (interactions documentation, "Rate limits").
    var isExemptFromGlobalLimit: Bool { !needsToken }

    /// The parameters of a path that fits; nil when it does not.
    func match(_ path: [Substring]) -> [String: String]? {
        guard path.count == components.count else { return nil }
        var parameters: [String: String] = [:]
        for (pattern, part) in zip(components, path) {
            if pattern.first == "{" {
                parameters[String(pattern.dropFirst().dropLast())] = PercentCoding.decode(part)
            } else if pattern != part {
                return nil
            }
        }
        return parameters
    }

    /// Literal parts count for more the further left they stand, so that `@me` wins over `{user_id}`.
    var specificity: [Int] { components.map { $0.first == "{" ? 1 : 0 } }
}

/// All routes that this Discord has; a path that is not among them is answered 404 and recorded as unknown.
struct RESTRouteTable: Sendable {
    enum Match {
        case found(RESTRoute, [String: String])
        case wrongMethod
        case unknown
    }

    private let byLength: [Int: [RESTRoute]]
    /// Methods, and methods with templates.
    private let names: Set<String>

    init(_ routes: [RESTRoute]) {
        names = Set(routes.map(\.name)).union(routes.map(\.method.rawValue))
        byLength = Dictionary(grouping: routes) { $0.components.count }.mapValues { routes in
            routes.sorted { $0.specificity.lexicographicallyPrecedes($1.specificity) }
        }
    }

    /// Whether there is such a method, or such a method and template.
    func hasRoute(named name: String) -> Bool { names.contains(name) }

    /// - Parameter path: what follows `/api/v10`, still percent-encoded.
    func match(_ method: String, _ path: some StringProtocol) -> Match {
        let parts = Substring(path).split(separator: "/")
        var isKnown = false
        for route in byLength[parts.count] ?? [] {
            guard let parameters = route.match(parts) else { continue }
            if route.method.rawValue == method { return .found(route, parameters) }
            isKnown = true
        }
        return isKnown ? .wrongMethod : .unknown
    }
}

/// Percent-encoding of paths and headers.
enum PercentCoding {
    static func decode(_ text: some StringProtocol) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let value = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
            {
                result.append(value)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
