import DiscordModel
import TestSupport
import Testing

@testable import PersonaCore

/// A channel as the machine's calls make it, and a clock that jumps to whatever the machine waits for.
private struct Desk {
    var machine: AnswerMachine
    var now: Duration = .zero
    var channel: [(id: MessageID, content: String)] = []
    var edits: [Duration] = []
    var creations: [Duration] = []
    private var nextID: UInt64 = 100

    init(
        _ configuration: AnswerMachine.Configuration = .init(),
        messages: [(id: MessageID, content: String)] = [],
        pacer: EditPacer = EditPacer()
    ) {
        machine = AnswerMachine(messages: messages.map(\.id), pacer: pacer, configuration: configuration)
        channel = messages
    }

    /// Does what the action says, at once.
    mutating func carryOut(_ action: AnswerMachine.Action) -> AnswerMachine.Report {
        switch action {
        case .create(_, let content, let after):
            #expect(after == channel.last?.id)
            let id = MessageID(nextID)
            nextID += 1
            channel.append((id, content))
            creations.append(now)
            return .created(id, isKnown: true)
        case .edit(_, let message, let content):
            guard let index = channel.firstIndex(where: { $0.id == message }) else { return .gone }
            channel[index].content = content
            edits.append(now)
            return .done
        case .delete(_, let message):
            channel.removeAll { $0.id == message }
            return .done
        }
    }

    /// Runs until the machine waits for text, or for a time behind `limit`.
    mutating func settle(until limit: Duration? = nil) -> AnswerMachine.Step {
        while true {
            let step = machine.next(at: now)
            switch step {
            case .perform(let action):
                machine.performed(carryOut(action), at: now)
            case .wait(let until?) where limit.map({ until <= $0 }) ?? true:
                now = until
            case .wait, .finished:
                return step
            }
        }
    }
}

@Suite("The answer as it grows")
struct AnswerMachineTests {
    @Test("The first message comes when there is enough to read, or after a moment")
    func firstMessage() {
        var desk = Desk()
        #expect(desk.machine.next(at: .zero) == .wait(until: nil))
        desk.machine.append(" \n", at: .seconds(1))
        #expect(desk.machine.next(at: .seconds(1)) == .wait(until: nil))
        desk.machine.append("Well", at: .seconds(2))
        #expect(desk.machine.next(at: .seconds(2)) == .wait(until: .milliseconds(2400)))
        desk.machine.append(", that is a long beginning", at: .milliseconds(2100))
        let step = desk.machine.next(at: .milliseconds(2100))
        #expect(step == .perform(.create(page: 0, content: "Well, that is a long beginning", after: nil)))
        #expect(desk.machine.next(at: .milliseconds(2100)) == .wait(until: nil), "one call at a time")
    }

    @Test("Edits keep their distance, and the last text is shown when the model ends")
    func pacing() {
        var desk = Desk()
        for index in 0..<100 {
            desk.now = max(desk.now, .milliseconds(100 * index))
            desk.machine.append("word \(index) ", at: desk.now)
            _ = desk.settle(until: .milliseconds(100 * index + 99))
        }
        desk.machine.close()
        #expect(desk.settle() == .finished(.delivered))
        #expect(desk.channel.count == 1)
        #expect(desk.channel[0].content.hasSuffix("word 99"))
        #expect(desk.edits.count >= 5)
        for (earlier, later) in zip(desk.edits, desk.edits.dropFirst().dropLast()) {
            #expect(later - earlier >= .milliseconds(1200))
        }
        #expect(desk.edits.count <= 10)
    }

    @Test("The final edit does not wait for the pace")
    func finalEdit() {
        var desk = Desk()
        desk.machine.append("A beginning that is long enough", at: .zero)
        _ = desk.settle(until: .zero)
        desk.machine.append(" and an end.", at: .milliseconds(10))
        desk.now = .milliseconds(10)
        desk.machine.close()
        #expect(desk.settle() == .finished(.delivered))
        #expect(desk.now == .milliseconds(10))
        #expect(desk.channel[0].content == "A beginning that is long enough and an end.")
    }

    @Test("A long answer goes over several messages, each behind the one before")
    func pages() {
        var configuration = AnswerMachine.Configuration()
        configuration.pageLimit = 100
        var desk = Desk(configuration)
        for index in 0..<60 {
            desk.machine.append("sentence number \(index). ", at: desk.now)
            _ = desk.settle(until: desk.now + .milliseconds(50))
            desk.now += .milliseconds(50)
        }
        desk.machine.close()
        #expect(desk.settle() == .finished(.delivered))
        let text = (0..<60).map { "sentence number \($0)." }.joined(separator: " ")
        #expect(desk.channel.map(\.content).joined(separator: " ") == text)
        #expect(desk.channel.allSatisfy { $0.content.utf16.count <= 100 })
        #expect(desk.machine.messages == desk.channel.map(\.id))
    }

    @Test("A second attempt takes over the messages of the first: never two answers", arguments: [1, 2, 3])
    func takeOver(messages: Int) {
        var configuration = AnswerMachine.Configuration()
        configuration.pageLimit = 100
        let left = (0..<messages).map { (id: MessageID(UInt64($0 + 1)), content: "half an answer of the dead worker") }
        var desk = Desk(configuration, messages: left)
        desk.machine.append("The new answer is a little longer than a hundred characters, ", at: .zero)
        _ = desk.settle(until: .zero)
        desk.machine.append("so that it takes two messages and not one or three of them.", at: .seconds(1))
        desk.machine.close()
        #expect(desk.settle() == .finished(.delivered))
        #expect(desk.channel.count == 2)
        #expect(desk.channel[0].id == MessageID(1))
        #expect(!desk.channel.contains { $0.content.contains("dead worker") })
    }

    @Test("A model that starts over is edited into the same message")
    func restart() {
        var desk = Desk()
        desk.machine.append("The first try, cut off in the mid", at: .zero)
        _ = desk.settle(until: .zero)
        desk.machine.restart()
        #expect(desk.machine.hasText == false)
        #expect(desk.settle() == .wait(until: nil), "the old text stays until there is new")
        desk.machine.append("The second try.", at: .seconds(5))
        desk.machine.close()
        #expect(desk.settle() == .finished(.delivered))
        #expect(desk.channel.map(\.content) == ["The second try."])
    }

    @Test("An error is told in place of the answer, or behind what there is of it")
    func notice() {
        var empty = Desk()
        empty.machine.close(notice: "Sorry.")
        #expect(empty.settle() == .finished(.delivered))
        #expect(empty.channel.map(\.content) == ["Sorry."])

        var half = Desk()
        half.machine.append("Half an", at: .zero)
        half.machine.close(notice: "Sorry.")
        #expect(half.settle() == .finished(.delivered))
        #expect(half.channel.map(\.content) == ["Half an\n\nSorry."])
    }

    @Test("An answer that somebody deleted is not sent again")
    func deleted() {
        var desk = Desk()
        desk.machine.append("An answer that a moderator dislikes", at: .zero)
        _ = desk.settle(until: .zero)
        desk.channel = []
        desk.machine.append(" and more of it", at: .seconds(3))
        desk.now = .seconds(3)
        #expect(desk.settle() == .finished(.removed))
        #expect(desk.channel.isEmpty)
    }

    @Test("A channel that refuses ends the turn")
    func refused() {
        var machine = AnswerMachine()
        machine.close(notice: "x")
        _ = machine.next(at: .zero)
        machine.performed(.refused("Missing Permissions"), at: .zero)
        #expect(machine.next(at: .zero) == .finished(.refused("Missing Permissions")))
    }

    @Test("A call that fails is tried again later, with growing distance, and in the end given back")
    func failures() {
        var machine = AnswerMachine()
        machine.append("An answer that is long enough", at: .zero)
        machine.close()
        var now: Duration = .zero
        var waits: [Duration] = []
        loop: while true {
            switch machine.next(at: now) {
            case .perform(let action):
                guard case .create(page: 0, _, after: nil) = action else { break loop }
                machine.performed(.failed(retryAfter: waits.isEmpty ? .seconds(3) : nil), at: now)
            case .wait(let until):
                guard let until else { break loop }
                waits.append(until - now)
                now = until
            case .finished(let outcome):
                #expect(outcome == .unavailable)
                break loop
            }
        }
        #expect(waits.first == .seconds(3))
        #expect(waits.count == AnswerMachine.Configuration().maximumTries - 1)
        #expect(waits.dropFirst().elementsEqual(waits.dropFirst().sorted()))
    }

    @Test("A failed edit in the middle does not lose the end")
    func failedEdit() {
        var desk = Desk()
        desk.machine.append("A beginning that is long enough", at: .zero)
        _ = desk.settle(until: .zero)
        desk.machine.append(" more", at: .seconds(2))
        guard case .perform(.edit) = desk.machine.next(at: .seconds(2)) else {
            Issue.record("no edit")
            return
        }
        desk.machine.performed(.failed(retryAfter: nil), at: .seconds(2))
        desk.now = .seconds(2)
        desk.machine.close()
        #expect(desk.settle() == .finished(.delivered))
        #expect(desk.channel[0].content == "A beginning that is long enough more")
    }

    @Test("A message found from an earlier attempt is overwritten, whatever it shows")
    func foundMessage() {
        var machine = AnswerMachine()
        machine.append("The answer.", at: .zero)
        machine.close()
        guard case .perform(.create) = machine.next(at: .zero) else {
            Issue.record("no creation")
            return
        }
        machine.performed(.created(MessageID(7), isKnown: false), at: .zero)
        #expect(machine.next(at: .zero) == .perform(.edit(page: 0, message: MessageID(7), content: "The answer.")))
    }

    @Test("A model without end is cut off")
    func flood() {
        var configuration = AnswerMachine.Configuration()
        configuration.maximumCharacters = 300
        configuration.pageLimit = 100
        var desk = Desk(configuration)
        for _ in 0..<100 { desk.machine.append("0123456789", at: .zero) }
        #expect(desk.machine.hasEnough)
        desk.machine.close()
        #expect(desk.settle() == .finished(.delivered))
        let shown = desk.channel.map(\.content).joined()
        #expect(shown.count == 301)
        #expect(shown.hasSuffix("…"))
    }

    @Test("@everyone loses its force wherever it stands, also when it comes in two pieces")
    func everyone() {
        var desk = Desk()
        desk.machine.append("Hello @every", at: .zero)
        desk.machine.append("one and @Here and a@heron.", at: .zero)
        desk.machine.close()
        #expect(desk.settle() == .finished(.delivered))
        #expect(!desk.channel[0].content.lowercased().contains("@everyone"))
        #expect(!desk.channel[0].content.lowercased().contains("@here"))
        #expect(desk.channel[0].content.filter { $0 != "\u{200B}" } == "Hello @everyone and @Here and a@heron.")
    }

    @Test("Any order of text, failures and ends leaves exactly the final text", arguments: 0..<60)
    func exhaustive(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var configuration = AnswerMachine.Configuration()
        configuration.pageLimit = 80
        configuration.maximumTries = 1000
        let left = (0..<Int(random.next() % 3)).map { (id: MessageID(UInt64($0 + 1)), content: "old") }
        var desk = Desk(configuration, messages: left)
        var expected = ""
        for index in 0..<Int(random.next() % 120) {
            if random.next() % 25 == 0 {
                desk.machine.restart()
                expected = ""
            }
            let piece = "piece \(index)\(random.next() % 5 == 0 ? "\n" : " ")"
            expected += piece
            desk.machine.append(piece, at: desk.now)
            desk.now += .milliseconds(Int(random.next() % 400))
            if case .perform(let action) = desk.machine.next(at: desk.now) {
                let fails = random.next() % 6 == 0
                // A lost answer: the call was carried out, but nobody knows; creations are found again by whoever probes.
                let report = fails ? .failed(retryAfter: nil) : desk.carryOut(action)
                desk.machine.performed(report, at: desk.now)
            }
        }
        desk.machine.close(notice: expected.isEmpty ? "nothing" : nil)
        if expected.isEmpty { expected = "nothing" }
        #expect(desk.settle() == .finished(.delivered))
        let shown = desk.channel.map(\.content)
        #expect(shown == MessageSplitter(limit: 80).pages(of: expected))
    }
}

@Suite("The pace of edits")
struct EditPacerTests {
    @Test("Each pacer is its own: another channel's edits do not hold this one back")
    func perChannel() {
        var one = EditPacer()
        let other = EditPacer()
        one.succeeded(at: .seconds(5))
        #expect(one.nextEdit == .milliseconds(6200))
        #expect(other.nextEdit == .zero)
    }

    @Test("It slows down when it is held back, up to a limit, and recovers")
    func adaptive() {
        var pacer = EditPacer(interval: .seconds(1))
        for _ in 0..<10 { pacer.failed(at: .zero) }
        #expect(pacer.nextEdit == .seconds(10))
        for _ in 0..<20 { pacer.succeeded(at: .zero) }
        #expect(pacer.nextEdit == .seconds(1))
    }
}
