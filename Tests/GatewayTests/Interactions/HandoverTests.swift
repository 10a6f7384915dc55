import MessageBus
import Testing

@testable import GatewayCore

@Suite("Which instance is asked next")
struct HandoverTests {
    @Test("The next one only when the one before has certainly not taken it")
    func order() {
        var handover = Handover(canDefer: true)
        #expect(handover.next(["1", "4"], elapsed: .zero) == .ask("1"))
        let isNotTaken = handover.failed("1", .noWorker)
        #expect(isNotTaken)
        #expect(handover.next(["1", "4"], elapsed: .seconds(1)) == .ask("4"))
        // It may be at work, or has said what is wrong.
        for code in [BusError.Code.timeout, .failed(code: "internal"), .malformed, .closed, .cancelled] {
            let mayAskAnother = handover.failed("4", code)
            #expect(!mayAskAnother, "\(code)")
        }
        // It died over it: the broker would hand a repeatable request on as well.
        let isLost = handover.failed("4", .outcomeUnknown)
        #expect(isLost)
        #expect(handover.next(["1", "4"], elapsed: .seconds(1)) == .lookAgain)
        // It may have been started again.
        #expect(handover.next(["1", "4"], elapsed: .seconds(2)) == .ask("1"))
    }

    @Test("Who comes meanwhile is asked; after a while it is given up")
    func patience() {
        var handover = Handover(canDefer: true)
        #expect(handover.next([], elapsed: .zero) == .lookAgain)
        #expect(handover.next(["4"], elapsed: .seconds(3)) == .ask("4"))
        #expect(handover.next(["5"], elapsed: Handover.patience) == .giveUp(isAnybodyThere: true))
        #expect(handover.next([], elapsed: Handover.patience) == .giveUp(isAnybodyThere: false))
        // What cannot be deferred is told within Discord's three seconds.
        var short = Handover(canDefer: false)
        #expect(short.next([], elapsed: .milliseconds(2_000)) == .lookAgain)
        #expect(short.next([], elapsed: Handover.shortPatience) == .giveUp(isAnybodyThere: false))
        #expect(Handover.shortPatience < InteractionMachine.lastMoment)
    }
}
