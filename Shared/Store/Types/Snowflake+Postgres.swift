package import DiscordModel
package import Postgres

/// Ids are `bigint` with the same bits.
extension Snowflake: PostgresArrayElement, PostgresArrayDecodable {
    package static var postgresType: PostgresType { UInt64.postgresType }
    package static var postgresArrayType: PostgresType { UInt64.postgresArrayType }
    package func encode(into bytes: inout [UInt8]) { rawValue.encode(into: &bytes) }

    package init(cell: Cell) throws(PostgresError) {
        self.init(try UInt64(cell: cell))
    }
}

/// A bot's name is text; what is not a name does not decode.
extension BotID: PostgresArrayElement, PostgresArrayDecodable {
    package static var postgresType: PostgresType { String.postgresType }
    package static var postgresArrayType: PostgresType { String.postgresArrayType }
    package static var postgresElementType: PostgresType { String.postgresElementType }
    package func encode(into bytes: inout [UInt8]) { rawValue.encode(into: &bytes) }

    package init(cell: Cell) throws(PostgresError) {
        let text = try String(cell: cell)
        guard let bot = BotID(rawValue: text) else {
            throw PostgresError(.decoding, "not a bot's name: \(text)")
        }
        self = bot
    }
}
