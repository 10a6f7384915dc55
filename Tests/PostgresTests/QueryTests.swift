import Testing

@testable import Postgres

@Suite struct QueryTests {
    @Test func valuesBecomeParameters() {
        let name = "x'; DROP TABLE bots; --"
        let query: Query = "SELECT * FROM bots WHERE name = \(name) AND shard = \(3) AND gone = \(nil as Bool?)"
        #expect(query.sql == "SELECT * FROM bots WHERE name = $1 AND shard = $2 AND gone = $3")
        #expect(query.parameters.count == 3)
        #expect(query.parameters.slots[2].length == nil)
        #expect(query.parameters.types == [0, 20, 16])
    }

    @Test func splicedQueriesAreNumberedAnew() {
        let inner: Query = "a = \(1) OR b = \("two")"
        let outer: Query = "SELECT \(0) WHERE (\(inner)) AND c = \(true) AND (\(inner))"
        #expect(outer.sql == "SELECT $1 WHERE (a = $2 OR b = $3) AND c = $4 AND (a = $5 OR b = $6)")
        #expect(outer.parameters.types == [20, 20, 0, 16, 20, 0])
        let twice: Query = "\(outer);"
        #expect(twice.sql == outer.sql + ";")
        #expect(twice.parameters.bytes == outer.parameters.bytes)
    }

    @Test func identifiersAreQuoted() {
        let query: Query = "LISTEN \(identifier: "a\"b")"
        #expect(query.sql == "LISTEN \"a\"\"b\"")
    }

    @Test func theCacheForgetsTheLeastRecentlyUsed() {
        var cache = StatementCache(capacity: 2)
        func key(_ sql: String) -> StatementCache.Key { .init(sql: sql, types: []) }
        guard case .prepare(let a, nil) = cache.use(key("a")), case .prepare = cache.use(key("b")) else {
            Issue.record("the first uses prepare")
            return
        }
        guard case .prepared(a) = cache.use(key("a")) else {
            Issue.record("the second use finds it")
            return
        }
        guard case .prepare(let c, let evicted?) = cache.use(key("c")) else {
            Issue.record("a third statement evicts one")
            return
        }
        #expect(evicted != a)
        #expect(c != a)
        #expect(cache.count == 2)
        // The same text with other types is another statement.
        guard case .prepare = cache.use(.init(sql: "a", types: [20])) else {
            Issue.record("types are part of the key")
            return
        }
    }
}
