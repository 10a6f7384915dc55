import Testing

@testable import DurableEvents

@Suite("effects in memory")
struct EffectBookTests {
    private let start = ContinuousClock.now

    @Test("an effect is carried out once, and again only when its row has been told")
    func once() {
        let book = Book(bound: 10)
        #expect(book.committed("a") == .start)
        #expect(book.committed("a") == .wait)
        #expect(book.ended("a", .retry(reason: "r")))
        // The row does not say yet when it is to be tried again: the table may give it once more.
        #expect(book.committed("a") == .wait)
        book.release("a")
        #expect(book.committed("a") == .start)
    }

    @Test("what left early is not sent again at its commit")
    func early() {
        let book = Book(bound: 10)
        #expect(book.sendEarly("a", now: start))
        #expect(!book.sendEarly("a", now: start))
        #expect(!book.ended("a", .done(status: 204)))
        #expect(book.committed("a") == .finish(.done(status: 204)))
        #expect(book.committed("a") == .wait)

        // The commit is faster than the answer.
        #expect(book.sendEarly("b", now: start))
        #expect(book.committed("b") == .wait)
        #expect(book.ended("b", .done(status: 204)))
    }

    @Test("what failed early is left to its row")
    func earlyFailure() {
        let book = Book(bound: 10)
        #expect(book.sendEarly("a", now: start))
        #expect(!book.ended("a", .refused(status: 403, reason: "r")))
        #expect(book.committed("a") == .start)
    }

    @Test("effects whose transactions never commit make room after a time")
    func abandoned() {
        let book = Book(bound: 3)
        for key in ["a", "b", "c"] { #expect(book.sendEarly(key, now: start)) }
        #expect(!book.ended("a", .done(status: 204)))
        #expect(book.committed("c") == .wait)
        #expect(book.committed("d") == .full)
        #expect(!book.sendEarly("d", now: start + EffectBook.patience))
        let later = start + EffectBook.patience + .seconds(1)
        #expect(book.sendEarly("d", now: later))
        // `c` has a row and waits for its answer.
        #expect(book.count == 2)
        #expect(!book.ended("b", .done(status: 204)))
        // A commit that comes after all finds nothing, and has it done again.
        #expect(book.committed("a") == .start)
        #expect(book.committed("b") == .full)
    }

    @Test("one transaction that never commits does not let the others pile up")
    func bounded() {
        let book = Book(bound: 10)
        #expect(book.sendEarly("abandoned", now: start))
        for number in 0..<1_000 {
            #expect(book.sendEarly("\(number)", now: start))
            #expect(book.committed("\(number)") == .wait)
            #expect(book.ended("\(number)", .done(status: 204)))
            book.release("\(number)")
        }
        #expect(book.count == 1)
        #expect(book.earlyCount <= 21)
        book.forgetEarly(start + EffectBook.patience + .seconds(1))
        #expect(book.count == 0)
        #expect(book.earlyCount == 0)
    }

    @Test("an effect that left early again is not forgotten with its first time")
    func again() {
        let book = Book(bound: 3)
        #expect(book.sendEarly("a", now: start))
        #expect(!book.ended("a", .retry(reason: "r")))
        let later = start + .seconds(50)
        #expect(book.sendEarly("a", now: later))
        book.forgetEarly(start + EffectBook.patience + .seconds(1))
        #expect(book.count == 1)
        book.forgetEarly(later + EffectBook.patience + .seconds(1))
        #expect(book.count == 0)
    }
}

/// A book as a reference: `#expect` takes no mutating calls.
private final class Book {
    private var book: EffectBook

    init(bound: Int) {
        book = EffectBook(bound: bound)
    }

    var count: Int { book.count }

    var earlyCount: Int { book.earlyCount }

    func committed(_ key: String) -> EffectBook.Verdict { book.committed(key) }

    func sendEarly(_ key: String, now: ContinuousClock.Instant) -> Bool { book.sendEarly(key, now: now) }

    func ended(_ key: String, _ decision: EffectDecision) -> Bool { book.ended(key, decision) }

    func release(_ key: String) { book.release(key) }

    func forgetEarly(_ now: ContinuousClock.Instant) { book.forgetEarly(now) }
}
