/// A statement whose values are bound, never written into its text.
///
/// Only literals of the source code become SQL (the literal type is `StaticString`), and every interpolated value
/// becomes a parameter:
///
///     let query: Query = "SELECT name FROM bots WHERE id = \(bot) AND shard = \(3)"
///
/// A `Query` in a query is spliced, with its parameters; `\(identifier:)` writes a quoted identifier.
package struct Query: Sendable, ExpressibleByStringInterpolation {
    /// The text with `$1`, `$2` … in the places of values.
    package private(set) var sql: String
    private(set) var parameters: Parameters
    /// Offsets in `sql.utf8` of each `$n`, to number anew when this query is spliced into another.
    private var marks: [Int]

    package init(stringLiteral value: StaticString) {
        sql = value.description
        parameters = Parameters()
        marks = []
    }

    package init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.query
    }

    fileprivate init(capacity: Int) {
        sql = ""
        sql.reserveCapacity(capacity)
        parameters = Parameters()
        marks = []
    }

    fileprivate mutating func append(literal: StaticString) {
        literal.withUTF8Buffer { sql += String(decoding: $0, as: UTF8.self) }
    }

    fileprivate mutating func append(identifier: String) {
        sql += "\""
        for character in identifier {
            sql += character == "\"" ? "\"\"" : String(character)
        }
        sql += "\""
    }

    fileprivate mutating func append(value: some PostgresEncodable) {
        parameters.append(value)
        marks.append(sql.utf8.count)
        sql += "$\(parameters.count)"
    }

    fileprivate mutating func append(query other: Query) {
        let base = parameters.count
        let text = Array(other.sql.utf8)
        var copied = 0
        for (number, mark) in other.marks.enumerated() {
            sql += String(decoding: text[copied..<mark], as: UTF8.self)
            marks.append(sql.utf8.count)
            sql += "$\(base + number + 1)"
            copied = mark + 1 + "\(number + 1)".utf8.count
        }
        sql += String(decoding: text[copied...], as: UTF8.self)
        parameters.append(contentsOf: other.parameters)
    }

    /// Builds a query from literals and values.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var query: Query

        package init(literalCapacity: Int, interpolationCount: Int) {
            query = Query(capacity: literalCapacity + interpolationCount * 4)
        }

        package mutating func appendLiteral(_ literal: StaticString) {
            query.append(literal: literal)
        }

        /// Binds a value.
        package mutating func appendInterpolation(_ value: some PostgresEncodable) {
            query.append(value: value)
        }

        /// An optional value: SQL NULL when it is nil.
        package mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) {
            query.append(value: value)
        }

        /// Splices a query with its parameters.
        package mutating func appendInterpolation(_ other: Query) {
            query.append(query: other)
        }

        /// Writes a table's or column's name, quoted.
        package mutating func appendInterpolation(identifier: String) {
            query.append(identifier: identifier)
        }
    }
}
