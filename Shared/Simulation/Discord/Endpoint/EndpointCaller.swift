import AsyncHTTPClient
import DiscordModel
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// Posts to the interactions endpoints of applications, signed as Discord does.
///
/// Source: API documentation, "Receiving and Responding to Interactions", "Preparing for Interactions".
struct EndpointCaller: Sendable {
    /// The first response is due after 3 s.
    private static let patience = TimeAmount.seconds(3)
    /// The longest answer: that of a request of our own.
    private static let answerLimit = 25 << 20
    private static let urlLimit = 2048

    struct Reply: Sendable {
        let status: Int
        let contentType: String
        let body: [UInt8]
    }

    /// Posts a payload.
    ///
    /// - Parameters:
    ///   - key: signs it.
    ///   - now: the time that is signed with it.
    func post(
        _ payload: JSONValue,
        to url: String,
        key: ApplicationKey,
        at now: EpochMilliseconds
    ) async throws -> Reply {
        let body = payload.bytes
        let timestamp = String(now / 1000)
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers = [
            "Content-Type": "application/json", "User-Agent": "Discord-Interactions/1.0 (+https://discord.com)",
            "X-Signature-Timestamp": timestamp,
            "X-Signature-Ed25519": try key.signature(timestamp: timestamp, body: body),
        ]
        request.body = .bytes(ByteBuffer(bytes: body))
        let response = try await HTTPClient.shared.execute(request, timeout: Self.patience)
        let answer = try await response.body.collect(upTo: Self.answerLimit)
        return Reply(
            status: Int(response.status.code),
            contentType: response.headers.first(name: "Content-Type") ?? "",
            body: Array(answer.readableBytesView)
        )
    }

    // MARK: - Verifying an address

    /// Looks before `PATCH /applications/@me` whether an address that it sets is an endpoint: a signed PING is answered with
    /// PONG, and one that another key has signed with 401.
    ///
    /// - Throws: 50035, as Discord does.
    @Sendable
    static func check(_ discord: SimulatedDiscord, _ request: RESTRequest) async throws(DiscordError) {
        guard let value = request.body["interactions_endpoint_url"], !value.isNull else { return }
        let id = ApplicationID(try request.bot().rawValue)
        guard let url = value.stringValue, url.utf8.count <= urlLimit, isAllowed(url) else {
            throw .invalidForm(["interactions_endpoint_url"], "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        }
        guard await EndpointCaller().isEndpoint(url, of: id, discord) else {
            throw .invalidForm(
                ["interactions_endpoint_url"],
                "APPLICATION_INTERACTIONS_ENDPOINT_URL_INVALID",
                "The specified interactions endpoint URL could not be verified."
            )
        }
    }

    /// https anywhere, as Discord wants it; http on this machine, where nobody has a certificate.
    private static func isAllowed(_ text: String) -> Bool {
        guard let url = URL(string: text), let host = url.host(), !host.isEmpty else { return false }
        switch url.scheme {
        case "https": return true
        case "http": return ["127.0.0.1", "::1", "[::1]", "localhost"].contains(host)
        default: return false
        }
    }

    private func isEndpoint(_ url: String, of id: ApplicationID, _ discord: SimulatedDiscord) async -> Bool {
        do {
            let (ping, key) = try discord.perform { state throws(DiscordError) in
                guard let application = state.world.applications[id] else { throw .unknownApplication }
                return (state.world.endpointPing(of: id), application.key)
            }
            let right = try await post(ping, to: url, key: key, at: discord.clock())
            guard right.status == 200, right.contentType.lowercased().hasPrefix("application/json"),
                JSONValue(parsing: right.body)?["type"] == 1
            else { return false }
            let wrong = try await post(
                ping,
                to: url,
                key: ApplicationKey(ApplicationID(id.rawValue ^ 1)),
                at: discord.clock()
            )
            return wrong.status == 401
        } catch {
            return false
        }
    }

    // MARK: - Delivering

    /// Posts an interaction; what comes back in the response counts as its callback.
    func deliver(_ delivery: EndpointDelivery, _ discord: SimulatedDiscord) async {
        var status = 0
        do {
            let reply = try await post(
                delivery.payload,
                to: delivery.url,
                key: ApplicationKey(delivery.application),
                at: discord.clock()
            )
            status = reply.status
            // 202 without a body: the answer comes by the callback route.
            if status == 200, !reply.body.isEmpty {
                let (body, uploads) = try RESTServer.read(reply.body, reply.contentType)
                _ = try discord.perform { state throws(DiscordError) in
                    try state.world.answerInteraction(
                        delivery.interaction,
                        token: delivery.token,
                        body,
                        uploads: uploads
                    )
                }
            }
        } catch {
            // As on Discord the member sees that it failed, if nothing comes by the callback route in time.
        }
        _ = try? discord.perform { state throws(DiscordError) in
            state.world.noteDelivery(delivery, status: status)
        }
    }
}
