import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Small JSON over HTTP, for the playground's control calls and the admin API.
struct HTTP {
    let base: String
    var headers: [String: String] = [:]

    /// An answer other than 2xx.
    struct Refused: Error, CustomStringConvertible {
        let request: String
        let status: UInt
        let body: String

        var description: String { "\(request): \(status) \(body)" }
    }

    func get<Value: Decodable>(_ path: String, as type: Value.Type = Value.self) async throws -> Value {
        try JSONDecoder().decode(type, from: try await send("GET", path, body: nil))
    }

    @discardableResult
    func post<Value: Decodable>(
        _ path: String,
        _ body: some Encodable,
        as type: Value.Type = Value.self
    ) async throws -> Value {
        try JSONDecoder().decode(type, from: try await send("POST", path, body: try JSONEncoder().encode(body)))
    }

    @discardableResult
    func send(_ method: String, _ path: String, body: Data?) async throws -> Data {
        var request = HTTPClientRequest(url: base + path)
        request.method = .init(rawValue: method)
        for (name, value) in headers {
            request.headers.add(name: name, value: value)
        }
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(15))
        let body = try await response.body.collect(upTo: 16 << 20)
        let bytes = Data(body.readableBytesView)
        guard (200..<300).contains(response.status.code) else {
            throw Refused(
                request: "\(method) \(path)",
                status: response.status.code,
                body: String(decoding: bytes.prefix(500), as: UTF8.self)
            )
        }
        return bytes
    }
}

extension String {
    /// The text as one value of a URL's query.
    var queryValue: String {
        addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? self
    }
}
