import BusContract
import MessageBus
import Testing

/// What the caller's side does when the switchboard comes, goes and comes back.
@Suite struct RequestTableTests {
    private let start = ContinuousClock.now

    private func request(_ seconds: Int64 = 10, repeatable: Bool = true) -> RequestTable.Request {
        RequestTable.Request(
            address: "a",
            isRepeatable: repeatable,
            header: [],
            payload: [],
            deadline: start + .seconds(seconds)
        )
    }

    /// Sends everything that may be sent; gives the numbers in order.
    private func sendAll(_ table: inout RequestTable) -> [UInt64] {
        var sent: [UInt64] = []
        while let (number, _) = table.nextToSend() {
            table.markSent(number)
            sent.append(number)
        }
        return sent
    }

    @Test func requestsWaitForTheWelcomeAndKeepTheirOrder() {
        var table = RequestTable(limit: 10)
        for number in 1...3 { #expect(table.submit(UInt64(number), request()) == nil) }
        #expect(table.nextToSend() == nil)
        #expect(table.welcomed(epoch: 1).isEmpty)
        #expect(sendAll(&table) == [1, 2, 3])
    }

    @Test func theSameSwitchboardGetsEverythingUnansweredAgain() {
        var table = RequestTable(limit: 10)
        _ = table.welcomed(epoch: 1)
        _ = table.submit(1, request())
        _ = table.submit(2, request(repeatable: false))
        _ = table.submit(3, request())
        #expect(sendAll(&table) == [1, 2, 3])
        #expect(table.complete(1) == true)
        table.lost()
        #expect(table.nextToSend() == nil)
        #expect(table.welcomed(epoch: 1).isEmpty)
        #expect(sendAll(&table) == [2, 3])
    }

    @Test func anotherSwitchboardGetsTheRepeatableOnes() {
        var table = RequestTable(limit: 10)
        _ = table.welcomed(epoch: 1)
        _ = table.submit(1, request())
        _ = table.submit(2, request(repeatable: false))
        #expect(sendAll(&table) == [1, 2])
        _ = table.submit(3, request(repeatable: false))
        let failures = table.welcomed(epoch: 2)
        #expect(failures.map(\.number) == [2])
        #expect(failures.first?.error.code == .outcomeUnknown)
        // The third had not been sent to anyone: it may go out.
        #expect(sendAll(&table) == [1, 3])
    }

    @Test func aRequestEndsOnceOnly() {
        var table = RequestTable(limit: 10)
        _ = table.welcomed(epoch: 1)
        _ = table.submit(1, request(1))
        _ = sendAll(&table)
        #expect(table.complete(1) == true)
        #expect(table.complete(1) == false)
        #expect(table.expire(start + .seconds(5)).isEmpty)
        #expect(table.nextDeadline() == nil)
    }

    @Test func deadlinesComeInTheirOrder() {
        var table = RequestTable(limit: 10)
        _ = table.submit(1, request(3))
        _ = table.submit(2, request(1))
        _ = table.submit(3, request(2))
        #expect(table.nextDeadline() == start + .seconds(1))
        #expect(table.expire(start + .milliseconds(999)).isEmpty)
        #expect(table.expire(start + .seconds(2)).map(\.number) == [2, 3])
        #expect(table.nextDeadline() == start + .seconds(3))
    }

    @Test func theBoundHoldsAndACancelledRequestMakesRoom() {
        var table = RequestTable(limit: 2)
        #expect(table.submit(1, request()) == nil)
        #expect(table.submit(2, request()) == nil)
        #expect(table.submit(3, request())?.code == .refused)
        #expect(table.cancel(1) == false)
        #expect(table.submit(3, request()) == nil)
        _ = table.welcomed(epoch: 1)
        #expect(sendAll(&table) == [2, 3])
        #expect(table.cancel(2) == true)
    }
}
