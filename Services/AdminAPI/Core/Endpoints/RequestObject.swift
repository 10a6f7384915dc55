import FoundationEssentials
import Hummingbird
import NIOCore

/// The body of a call: a JSON object, or nothing.
enum RequestObject {
    /// The longest body that is read, in bytes.
    static let limit = 64 << 10

    /// Reads the body and throws what is wrong with it: 413 when it is too long, 400 when it is no JSON object.
    static func read(_ request: Request) async throws -> Data {
        // Who announces too much is refused before it is sent.
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit { throw APIError.tooLong }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw APIError.tooLong
        }
        let data = Data(body.readableBytesView)
        guard !data.isEmpty else { return data }
        do {
            _ = try JSONDecoder().decode([String: Anything].self, from: data)
        } catch {
            throw APIError.invalid("body", expected: "a JSON object, or nothing")
        }
        return data
    }

    /// A value of any kind.
    private struct Anything: Decodable {
        init(from decoder: any Decoder) throws {}
    }
}
