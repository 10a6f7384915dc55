import BusContract
import MessageBus
import Testing

/// Capacity, repeated keys and kept replies on the worker's side.
@Suite struct WorkerTableTests {
    private let start = ContinuousClock.now

    private func id(_ number: UInt64) -> RequestID { RequestID(client: 1, number: number) }

    private func receive(
        _ table: inout WorkerTable,
        _ number: UInt64,
        key: String = "",
        seconds: Int64 = 10
    ) -> WorkerTable.Verdict {
        table.receive(id(number), address: "a", key: key, deadline: start + .seconds(seconds))
    }

    @Test func creditIsTheFreeCapacityWithTheCountItRefersTo() {
        var table = WorkerTable()
        #expect(table.serve("a", capacity: 2) == true)
        #expect(table.serve("a", capacity: 2) == false)
        #expect(receive(&table, 1) == .start)
        #expect(table.credit("a")! == (1, 1))
        #expect(receive(&table, 2) == .start)
        #expect(table.credit("a")! == (0, 2))
        guard case .giveBack = receive(&table, 3) else {
            Issue.record("over capacity")
            return
        }
        #expect(table.finish(id(1), .init(), now: start) == [id(1)])
        #expect(table.credit("a")! == (1, 3))
        table.beginSession()
        #expect(table.credit("a")! == (1, 0))
    }

    @Test func aRepeatedKeyJoinsWhatRunsAndIsAnsweredFromWhatIsKept() {
        var table = WorkerTable()
        _ = table.serve("a", capacity: 5)
        var reply = WorkerTable.Reply()
        reply.payload = [1, 2]
        #expect(receive(&table, 1, key: "k") == .start)
        #expect(receive(&table, 2, key: "k") == .joined)
        #expect(receive(&table, 3, key: "other") == .start)
        #expect(table.finish(id(1), reply, now: start) == [id(1), id(2)])
        #expect(receive(&table, 4, key: "k") == .answered(reply))
        // Another address is another matter.
        _ = table.serve("b", capacity: 1)
        #expect(table.receive(id(5), address: "b", key: "k", deadline: start + .seconds(1)) == .start)
    }

    @Test func aKeptReplyIsForgottenAtTheDeadline() {
        var table = WorkerTable()
        _ = table.serve("a", capacity: 5)
        #expect(receive(&table, 1, key: "k", seconds: 3) == .start)
        _ = table.finish(id(1), .init(), now: start)
        #expect(table.nextDeadline() == start + .seconds(3))
        table.expire(start + .seconds(3))
        #expect(receive(&table, 2, key: "k") == .start)
    }

    @Test func keptRepliesAreBounded() {
        var table = WorkerTable(keptLimit: 3)
        _ = table.serve("a", capacity: 5)
        for number in 1...5 {
            #expect(receive(&table, UInt64(number), key: "k\(number)", seconds: Int64(number)) == .start)
            _ = table.finish(id(UInt64(number)), .init(), now: start)
        }
        // The ones that end first went first.
        #expect(receive(&table, 11, key: "k1") == .start)
        #expect(receive(&table, 15, key: "k5") == .answered(.init()))
    }

    @Test func theSameRequestTwiceRunsOnce() {
        var table = WorkerTable()
        _ = table.serve("a", capacity: 5)
        #expect(receive(&table, 1) == .start)
        #expect(receive(&table, 1) == .joined)
        #expect(table.running(at: "a") == [id(1)])
        #expect(table.finish(id(1), .init(), now: start) == [id(1)])
        #expect(table.finish(id(1), .init(), now: start) == [])
    }

    @Test func whatIsNotServedIsGivenBack() {
        var table = WorkerTable()
        guard case .giveBack = receive(&table, 1) else {
            Issue.record("took it")
            return
        }
    }
}
