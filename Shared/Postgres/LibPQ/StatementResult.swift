import CPostgres

/// Owns one `PGresult`.
///
/// `@unchecked Sendable` is safe because a result is never changed after libpq has handed it over: libpq documents
/// that read-only access to a `PGresult` from several threads is allowed, and nothing here calls `PQsetvalue`.
final class StatementResult: @unchecked Sendable {
    private let handle: OpaquePointer
    private let columns: [String: Int32]

    /// Takes over the result; it is cleared with the object.
    init(taking handle: OpaquePointer) {
        self.handle = handle
        var columns: [String: Int32] = [:]
        for column in 0..<PQnfields(handle) {
            if let name = PQfname(handle, column) { columns[String(cString: name)] = column }
        }
        self.columns = columns
    }

    deinit {
        PQclear(handle)
    }

    /// The rows, which keep this object alive.
    var rows: [Row] {
        (0..<Int(PQntuples(handle))).map { Row(result: self, index: $0) }
    }

    /// The server's word for what it did, `COMMIT` for example.
    var commandTag: String {
        PQcmdStatus(handle).map { String(cString: $0) } ?? ""
    }

    func decode<Value: PostgresDecodable>(
        _ type: Value.Type,
        row: Int,
        column: String
    ) throws(PostgresError) -> Value {
        guard let number = columns[column] else {
            throw PostgresError(.decoding, "the result has no column \(column)")
        }
        let row = Int32(truncatingIfNeeded: row)
        let isNull = PQgetisnull(handle, row, number) != 0
        let bytes =
            isNull
            ? nil
            : UnsafeRawBufferPointer(
                start: PQgetvalue(handle, row, number),
                count: Int(PQgetlength(handle, row, number))
            )
        defer { withExtendedLifetime(self) {} }
        return try Value(cell: Cell(bytes: bytes, type: PQftype(handle, number), column: column))
    }
}

extension PostgresError {
    /// The error that a refused statement's result describes; does not take the result over.
    init(result: OpaquePointer) {
        func field(_ code: Character) -> String? {
            guard let ascii = code.asciiValue, let text = PQresultErrorField(result, Int32(ascii)) else { return nil }
            return String(cString: text)
        }
        let state = field("C") ?? ""
        let message = field("M") ?? String(cString: PQresultErrorMessage(result))
        let detail = field("D").map { " (\($0))" } ?? ""
        // 57014 is query_canceled: nobody but statement_timeout cancels our statements.
        let code: Code = state == "57014" ? .timeout : state.isEmpty ? .connectionLost : .server(sqlState: state)
        // A unique violation's detail holds the row's values; they may be personal and stay out of logs.
        self.init(
            code,
            message + (state.hasPrefix("23") ? "" : detail),
            position: field("P").flatMap { Int($0) },
            constraint: field("n")
        )
    }

    /// Whether the server ended the connection with this result.
    static func isFatal(_ result: OpaquePointer) -> Bool {
        // PG_DIAG_SEVERITY_NONLOCALIZED
        guard let text = PQresultErrorField(result, Int32(UInt8(ascii: "V"))) else { return true }
        let severity = String(cString: text)
        return severity == "FATAL" || severity == "PANIC"
    }
}
