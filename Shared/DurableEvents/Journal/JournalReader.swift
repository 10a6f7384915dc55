import BusContract
import DiscordModel
import Postgres

/// Reads a stream's events back from the journal, in pages.
struct JournalReader {
    let database: PostgresClient
    /// Whose events they are.
    let bot: BotID
    let pageSize = 500

    /// The events of those kinds above a sequence number, in order; fewer than a page at the end.
    @concurrent
    func page(stream: UInt64, events: [String], after seq: UInt64) async throws -> [DurableEvent] {
        let rows = try await database.query(
            """
            SELECT seq, event, header, payload,
                (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now
            FROM journal_page(\(stream), \(seq), \(events), \(pageSize))
            ORDER BY seq
            """
        )
        return try rows.map { row in
            let bytes: [UInt8] = try row["header"]
            let payload: [UInt8] = try row["payload"]
            let now: Int64 = try row["now"]
            let header = try bytes.withUnsafeBytes { header throws(WireError) in try HeaderOutline(decoding: header) }
            return DurableEvent(
                name: try row["event"],
                bot: bot,
                header: header,
                payload: payload[...],
                isFromJournal: true,
                age: .microseconds(now - Int64(clamping: header.sentAt))
            )
        }
    }
}
