import BusContract
import Synchronization
import Testing

@testable import MessageBus

@Suite("handlers of requests", .timeLimit(.minutes(1)))
struct WorkQueueTests {
    private static func request(_ number: Int) -> IncomingRequest {
        IncomingRequest(
            id: RequestID(client: 1, number: UInt64(number)),
            context: RequestContext(
                address: RequestAddress(rawValue: "test"),
                caller: .moderation,
                deadline: .now + .seconds(60),
                header: Header()
            ),
            payload: []
        )
    }

    private final class Tally: Sendable {
        let handled = Mutex<[UInt64]>([])
    }

    /// Handles everything with at most that many handlers; gives the requests' numbers and how many handlers there were.
    private static func run(
        _ queue: WorkQueue,
        _ feed: @escaping @Sendable () async -> Void
    ) async -> (handled: [UInt64], started: Int) {
        let tally = Tally()
        var started = 0
        await withDiscardingTaskGroup { group in
            group.addTask { await feed() }
            for await _ in queue.shortages {
                started += 1
                group.addTask {
                    while let request = await queue.next() {
                        tally.handled.withLock { $0.append(request.id.number) }
                        await Task.yield()
                    }
                }
            }
        }
        return (tally.handled.withLock { $0 }, started)
    }

    @Test("each request is handled once, by no more handlers than the capacity, also in the second flood")
    func floods() async {
        let queue = WorkQueue(capacity: 64)
        let (handled, started) = await Self.run(queue) {
            for number in 0..<2_000 { queue.append(Self.request(number)) }
            // A second flood finds the handlers that the first has left, and asks for those that went.
            await Task.yield()
            for number in 2_000..<4_000 { queue.append(Self.request(number)) }
            queue.finish()
        }
        #expect(handled.sorted() == Array(0..<4_000))
        #expect((64...4_000).contains(started))
    }

    @Test("a handler is asked for where none is idle, up to the capacity")
    func shortages() async {
        let queue = WorkQueue(capacity: 2)
        for number in 0..<5 { queue.append(Self.request(number)) }
        for number in 0..<5 { #expect(await queue.next()?.id.number == UInt64(number)) }
        queue.finish()
        #expect(await queue.next() == nil)
        var count = 0
        for await _ in queue.shortages { count += 1 }
        #expect(count == 2)
    }
}
