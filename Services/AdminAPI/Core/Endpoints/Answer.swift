import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// Writes answers.
enum Answer {
    /// A value as JSON.
    static func json(_ value: some Encodable, status: Int = 200) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(value)
        return Response(
            status: .init(code: status),
            headers: [
                .contentType: "application/json; charset=utf-8", .cacheControl: "no-store",
                .xContentTypeOptions: "nosniff",
            ],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }

    /// That the path is there, and by which methods.
    static func notAllowed(_ method: HTTPRequest.Method, _ served: [HTTPRequest.Method]) -> Response {
        let allowed = served.map(\.rawValue).sorted().joined(separator: ", ")
        var response = error(
            APIError(status: 405, code: "method_not_allowed", message: "\(method.rawValue): expected \(allowed)")
        )
        response.headers[.allow] = allowed
        return response
    }

    /// An error.
    static func error(_ error: APIError) -> Response {
        guard let response = try? json(ErrorBody(error), status: error.status) else {
            return Response(status: .init(code: error.status))
        }
        return response
    }
}
