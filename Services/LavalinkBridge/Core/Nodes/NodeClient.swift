import AsyncHTTPClient
package import DiscordModel
import FoundationEssentials
package import LavalinkModel
import NIOCore
import NIOHTTP1
import ServiceKit

/// A node's REST API, as far as the bridge uses it. Every call has a deadline; nothing is retried here.
package struct NodeClient: Sendable {
    /// The most that an answer may weigh: a long playlist is some megabytes.
    private static let maximumBytes = 16 << 20

    package let configuration: NodeConfiguration
    private let timeout: Duration

    package init(_ configuration: NodeConfiguration, timeout: Duration = .seconds(10)) {
        self.configuration = configuration
        self.timeout = timeout
    }

    /// `GET /v4/loadtracks`.
    package func load(_ identifier: String) async throws(NodeError) -> LoadResult {
        try decode(await call(.GET, "/v4/loadtracks?identifier=\(Self.percentEncoded(identifier))"))
    }

    /// `GET /v4/info`.
    package func info() async throws(NodeError) -> NodeInfo {
        try decode(await call(.GET, "/v4/info"))
    }

    /// `PATCH /v4/sessions/{session}`: keeps the session's players while its connection is away.
    package func enableResuming(_ session: LavalinkSessionID, seconds: Int) async throws(NodeError) {
        _ = try await call(.PATCH, Self.path(session), body: SessionUpdate(resuming: true, timeout: seconds))
    }

    /// `GET …/players`.
    package func players(_ session: LavalinkSessionID) async throws(NodeError) -> [LavalinkPlayer] {
        try decode(await call(.GET, Self.path(session) + "/players"))
    }

    /// `GET …/players/{guild}`; nil when there is none.
    package func player(_ guild: GuildID, of session: LavalinkSessionID) async throws(NodeError) -> LavalinkPlayer? {
        do {
            return try decode(await call(.GET, Self.path(session, guild)))
        } catch {
            if error.code == .playerGone { return nil }
            throw error
        }
    }

    /// `PATCH …/players/{guild}`.
    package func update(
        _ guild: GuildID,
        of session: LavalinkSessionID,
        _ update: PlayerUpdate
    ) async throws(NodeError) -> LavalinkPlayer {
        try decode(await call(.PATCH, Self.path(session, guild) + "?noReplace=false", body: update))
    }

    /// `DELETE …/players/{guild}`; the node takes it also when there is none.
    package func destroy(_ guild: GuildID, of session: LavalinkSessionID) async throws(NodeError) {
        _ = try await call(.DELETE, Self.path(session, guild))
    }

    // MARK: -

    private static func path(_ session: LavalinkSessionID) -> String {
        "/v4/sessions/\(percentEncoded(session.reveal()))"
    }

    private static func path(_ session: LavalinkSessionID, _ guild: GuildID) -> String {
        "\(path(session))/players/\(guild)"
    }

    private func call(_ method: HTTPMethod, _ path: String) async throws(NodeError) -> [UInt8] {
        try await call(method, path, bytes: nil)
    }

    private func call(_ method: HTTPMethod, _ path: String, body: some Encodable) async throws(NodeError) -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = Array(try JSONEncoder().encode(body))
        } catch {
            throw NodeError(.invalid, "the request cannot be encoded: \(error)")
        }
        return try await call(method, path, bytes: bytes)
    }

    private func call(_ method: HTTPMethod, _ path: String, bytes: [UInt8]?) async throws(NodeError) -> [UInt8] {
        var request = HTTPClientRequest(url: configuration.restBase + path)
        request.method = method
        request.headers.add(name: LavalinkHeader.authorization, value: configuration.password.reveal())
        if let bytes {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(bytes)
        }
        let status: Int
        let answer: [UInt8]
        do {
            // The client's own time-out ends with the answer's head; this one covers the body.
            (status, answer) = try await withDeadline(timeout) { [request, timeout] in
                let response = try await HTTPClient.shared.execute(
                    request,
                    timeout: .nanoseconds(timeout.wholeNanoseconds)
                )
                let body = try await response.body.collect(upTo: Self.maximumBytes)
                return (Int(response.status.code), Array(buffer: body))
            }
        } catch {
            // The error's text may hold the address, and the address the session.
            throw NodeError(.unreachable, "node \(configuration.name) does not answer: \(type(of: error))")
        }
        guard !(200..<300).contains(status) else { return answer }
        throw failure(status, answer)
    }

    private func failure(_ status: Int, _ answer: [UInt8]) -> NodeError {
        let body = try? JSONDecoder().decode(LavalinkErrorBody.self, from: Data(answer))
        let text = (body?.message).flatMap { $0.isEmpty ? nil : $0 } ?? "status \(status)"
        let message = "node \(configuration.name): \(text.prefix(300))"
        switch status {
        case 404: return NodeError(text.lowercased().contains("session") ? .sessionGone : .playerGone, message)
        case 401, 403: return NodeError(.refused, message)
        case 400..<500: return NodeError(.invalid, message)
        default: return NodeError(text.lowercased().contains("voice") ? .voiceRefused : .nodeFailed, message)
        }
    }

    private func decode<Value: Decodable>(_ bytes: [UInt8]) throws(NodeError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(bytes))
        } catch {
            throw NodeError(.nodeFailed, "node \(configuration.name) gave an answer that cannot be read")
        }
    }

    /// Everything but letters, digits and `-._~` (RFC 3986): a node reads `+` as a space.
    static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: result.append(byte)
            default: result += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension Duration {
    fileprivate var wholeNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
