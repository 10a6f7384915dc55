import FoundationEssentials

/// A `jsonb` parameter.
package struct JSONParameter: PostgresEncodable {
    package static var postgresType: PostgresType { .jsonb }
    private let text: [UInt8]

    /// Takes JSON text as it is; the server refuses what is not JSON.
    package init(text: [UInt8]) {
        self.text = text
    }

    package func encode(into bytes: inout [UInt8]) { bytes += text }

    /// A value as JSON text, to be cast where it is one of many: `"… unnest(\(texts)) AS e (details) … e.details::jsonb"`.
    package static func text(_ value: some Encodable) throws(PostgresError) -> String {
        String(decoding: try bytes(of: value), as: UTF8.self)
    }

    fileprivate static func bytes(of value: some Encodable) throws(PostgresError) -> [UInt8] {
        do {
            return Array(try JSONEncoder().encode(value))
        } catch {
            throw PostgresError(.encoding, "cannot write \(type(of: value)) as JSON: \(error)")
        }
    }
}

extension PostgresEncodable where Self == JSONParameter {
    /// Binds a value as `jsonb`: `"… VALUES (\(try .json(state)))"`.
    package static func json(_ value: some Encodable) throws(PostgresError) -> JSONParameter {
        JSONParameter(text: try JSONParameter.bytes(of: value))
    }
}
