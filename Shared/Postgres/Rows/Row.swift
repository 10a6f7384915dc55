import FoundationEssentials

/// One row of a result. Values are read when asked for, by the names of the columns.
package struct Row: Sendable {
    private let result: StatementResult
    private let index: Int

    init(result: StatementResult, index: Int) {
        self.result = result
        self.index = index
    }

    /// Reads a column.
    /// - Throws: code `decoding` when there is no such column, it is null (ask for an optional) or of another type.
    package func decode<Value: PostgresDecodable>(
        _ type: Value.Type = Value.self,
        _ column: String
    ) throws(PostgresError) -> Value {
        try result.decode(type, row: index, column: column)
    }

    /// Reads a column as the type that the context asks for.
    package subscript<Value: PostgresDecodable>(_ column: String) -> Value {
        get throws(PostgresError) { try result.decode(Value.self, row: index, column: column) }
    }

    /// Reads a `json` or `jsonb` column through `Codable`.
    package func decodeJSON<Value: Decodable>(
        _ type: Value.Type = Value.self,
        _ column: String
    ) throws(PostgresError) -> Value {
        let text = try decode(String.self, column)
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw PostgresError(.decoding, "column \(column) does not read as \(type): \(error)")
        }
    }

    /// Whether the column is null.
    package func isNull(_ column: String) throws(PostgresError) -> Bool {
        try decode(AnyValue?.self, column) == nil
    }
}

/// Reads anything, to tell null from the rest.
private struct AnyValue: PostgresDecodable {
    init(cell: Cell) {}
}

extension [Row] {
    /// The only row of a statement that always gives one.
    /// - Throws: code `decoding` when there are none or several.
    package func only() throws(PostgresError) -> Row {
        guard count == 1, let row = first else {
            throw PostgresError(.decoding, "one row was expected, \(count) came")
        }
        return row
    }
}
