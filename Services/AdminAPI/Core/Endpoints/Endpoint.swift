import FoundationEssentials
import HTTPTypes
import Hummingbird

/// One call of the API: the router and the OpenAPI document are both made from these, so they cannot disagree.
struct Endpoint: Sendable {
    /// What a key must be allowed to do.
    enum Scope: String, Sendable, CaseIterable {
        case read
        case control
    }

    /// A parameter of the path or the query.
    struct Parameter: Sendable {
        enum Place: String, Sendable {
            case path
            case query
        }

        let name: String
        let place: Place
        let schema: JSONTree
        let summary: String
    }

    let method: HTTPRequest.Method
    /// With parameters as `{name}`.
    let path: String
    let scope: Scope
    /// The operation's name in generated clients.
    let name: String
    let summary: String
    var parameters: [Parameter] = []
    /// The schema of the body that must come; nil where none is needed.
    var body: JSONTree?
    /// The schema of a good answer.
    let answer: JSONTree
    /// Its media type.
    var mediaType = "application/json"
    /// Statuses beside 200, 400, 401, 403 and 503 that it answers with.
    var failures: [Int] = []
    let handle: @Sendable (Call) async throws -> Response

    /// Whether a path is one of this endpoint's.
    func matches(_ path: String) -> Bool {
        let given = path.split(separator: "/")
        let own = self.path.split(separator: "/")
        return given.count == own.count && zip(given, own).allSatisfy { $0 == $1 || $1.hasPrefix("{") }
    }

    /// Whether a body may come with it.
    var takesBody: Bool { method == .post }
}

/// A call that was let in.
struct Call: Sendable {
    /// The key's name, for the audit log.
    let keyName: String
    let request: Request
    let context: BasicRequestContext
    /// A JSON object, or nothing.
    var body = Data()

    /// A text in the body.
    func field<Value: LosslessStringConvertible>(
        _ name: String,
        as type: Value.Type,
        _ expected: String
    ) throws -> Value {
        let fields = try? JSONDecoder().decode([String: Field].self, from: body)
        guard let text = fields?[name]?.text, let value = Self.value(text, as: type) else {
            throw APIError.invalid(name, expected: expected)
        }
        return value
    }

    /// A value of any kind, of which only a text counts.
    private struct Field: Decodable {
        let text: String?

        init(from decoder: any Decoder) throws {
            text = try? decoder.singleValueContainer().decode(String.self)
        }
    }

    /// A parameter of the path.
    func path<Value: LosslessStringConvertible>(
        _ name: String,
        as type: Value.Type,
        _ expected: String
    ) throws -> Value {
        guard let text = context.parameters.get(name), let value = Self.value(text, as: type) else {
            throw APIError.invalid(name, expected: expected)
        }
        return value
    }

    /// A parameter of the query; nil when it is not there.
    func query<Value: LosslessStringConvertible>(
        _ name: String,
        as type: Value.Type,
        _ expected: String
    ) throws -> Value? {
        let values = request.uri.queryParameters.getAll(name)
        guard values.count <= 1 else { throw APIError.invalid(name, expected: "the parameter once") }
        guard let text = values.first else { return nil }
        guard let value = Self.value(text, as: type) else { throw APIError.invalid(name, expected: expected) }
        return value
    }

    /// Swift's numbers may be written with a plus; those of the API may not.
    private static func value<Value: LosslessStringConvertible>(_ text: String, as type: Value.Type) -> Value? {
        text.hasPrefix("+") ? nil : Value(text)
    }
}
