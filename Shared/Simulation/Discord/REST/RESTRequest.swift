import DiscordModel

/// A REST request, authenticated and read, as route handlers see it.
struct RESTRequest: Sendable {
    /// The application of the token; nil on routes that need none.
    let application: SimulatedApplication?
    /// The path's parameters by their name in the route (`channel_id`).
    let parameters: [String: String]
    let query: [String: [String]]
    let body: JSONValue
    let uploads: [MessageDraft.Upload]
    /// `X-Audit-Log-Reason`, decoded.
    let reason: String?
    /// `ws://` address of the gateway.
    let gatewayURL: String

    /// The bot that asks.
    func bot() throws(DiscordError) -> UserID {
        guard let application else { throw .unauthorized }
        return application.userID
    }

    /// A snowflake in the path.
    ///
    /// - Throws: 50035, as Discord does for anything that is no number.
    func id<Kind>(
        _ name: String,
        _ kind: Snowflake<Kind>.Type = Snowflake<Kind>.self
    ) throws(DiscordError) -> Snowflake<Kind> {
        guard let text = parameters[name], !text.isEmpty, let id = Snowflake<Kind>(text) else {
            throw .invalidForm(
                [name],
                "NUMBER_TYPE_COERCE",
                "Value \"\(parameters[name] ?? "")\" is not snowflake."
            )
        }
        return id
    }

    /// A user in the path, where `@me` is the bot itself.
    func user(_ name: String = "user_id") throws(DiscordError) -> UserID {
        parameters[name] == "@me" ? try bot() : try id(name)
    }

    func queryID<Kind>(_ name: String, _ kind: Snowflake<Kind>.Type = Snowflake<Kind>.self) -> Snowflake<Kind>? {
        query[name]?.first.flatMap { Snowflake<Kind>($0) }
    }

    func flag(_ name: String) -> Bool {
        ["true", "True", "1"].contains(query[name]?.first)
    }

    /// `limit` of the query.
    ///
    /// - Throws: 50035 outside of the range.
    func limit(_ range: ClosedRange<Int>, default standard: Int) throws(DiscordError) -> Int {
        guard let text = query["limit"]?.first else { return standard }
        guard let value = Int(text) else {
            throw .invalidForm(["limit"], "NUMBER_TYPE_COERCE", "Value \"\(text)\" is not int.")
        }
        guard range.contains(value) else {
            let isHigh = value > range.upperBound
            throw .invalidForm(
                ["limit"],
                isHigh ? "NUMBER_TYPE_MAX" : "NUMBER_TYPE_MIN",
                isHigh
                    ? "int value should be less than or equal to \(range.upperBound)."
                    : "int value should be greater than or equal to \(range.lowerBound)."
            )
        }
        return value
    }
}

/// What a route answers.
struct RESTResponse: Sendable {
    let status: Int
    let body: JSONValue?

    static let noContent = Self(status: 204, body: nil)
    static func ok(_ body: JSONValue) -> Self { Self(status: 200, body: body) }
    static func created(_ body: JSONValue) -> Self { Self(status: 201, body: body) }
}
