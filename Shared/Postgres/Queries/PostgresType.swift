/// A PostgreSQL type: its object id, which the server has fixed for built-in types (`pg_type.dat`), and the form in
/// which we send it.
package struct PostgresType: Sendable, Hashable {
    let oid: UInt32
    let isBinary: Bool

    private init(_ oid: UInt32, isBinary: Bool = true) {
        self.oid = oid
        self.isBinary = isBinary
    }

    /// Left to the server to infer: text, but also uuid, an enumeration or a domain, from the place where it stands.
    static let inferred = Self(0, isBinary: false)
    static let bool = Self(16)
    static let bytea = Self(17)
    static let int8 = Self(20)
    static let int2 = Self(21)
    static let int4 = Self(23)
    static let text = Self(25)
    static let float4 = Self(700)
    static let float8 = Self(701)
    static let timestamptz = Self(1184)
    static let interval = Self(1186)
    static let numeric = Self(1700)
    static let uuid = Self(2950)
    static let jsonb = Self(3802, isBinary: false)
    static let json = Self(114, isBinary: false)

    static let boolArray = Self(1000)
    static let byteaArray = Self(1001)
    static let int4Array = Self(1007)
    static let textArray = Self(1009)
    static let int8Array = Self(1016)
    static let float8Array = Self(1022)
    static let timestamptzArray = Self(1185)
}
