import BusContract
import Testing

@testable import GatewayCore

@Suite("Interaction machine")
struct InteractionMachineTests {
    private static let message = InteractionReply(kind: .message, data: #"{"content":"x"}"#)
    private static let update = InteractionReply(kind: .update, data: #"{"content":"y"}"#)

    @Test("An answer in time is the first response, by the type that its kind wants")
    func inTime() {
        var machine = InteractionMachine(kind: .component, deferral: .update)
        #expect(machine.replied(Self.message) == .respond(type: 4, data: Self.message.data))
        machine = InteractionMachine(kind: .component, deferral: .update)
        #expect(machine.replied(Self.update) == .respond(type: 7, data: Self.update.data))
        machine = InteractionMachine(kind: .command, deferral: .ephemeral)
        #expect(machine.replied(Self.message) == .respond(type: 4, data: Self.message.data))
        #expect(machine.timeIsUp() == .nothing)
    }

    @Test("After a deferral an answer becomes the original")
    func afterDeferral() {
        var machine = InteractionMachine(kind: .command, deferral: .ephemeral)
        #expect(machine.timeIsUp() == .deferReply(type: 5, ephemeral: true))
        #expect(machine.replied(Self.message) == .editOriginal(Self.message.data))
        #expect(machine.state == .answered)
        #expect(machine.replied(Self.message) == .nothing)
    }

    @Test("After a deferred update the original is the component's message: a new message stands beside it")
    func afterDeferredUpdate() {
        var machine = InteractionMachine(kind: .component, deferral: .update)
        #expect(machine.timeIsUp() == .deferReply(type: 6, ephemeral: false))
        #expect(machine.replied(Self.message) == .followUp(Self.message.data))
        machine = InteractionMachine(kind: .component, deferral: .update)
        _ = machine.timeIsUp()
        #expect(machine.replied(Self.update) == .editOriginal(Self.update.data))
    }

    @Test("A modal after a deferral is the service's mistake; autocompletion is answered empty")
    func tooLate() {
        var machine = InteractionMachine(kind: .command, deferral: .visible)
        _ = machine.timeIsUp()
        #expect(machine.replied(InteractionReply(kind: .modal, data: "{}")) == .apologise(.tooLateForModal))
        machine = InteractionMachine(kind: .autocomplete, deferral: .visible)
        #expect(machine.timeIsUp() == .respond(type: 8, data: #"{"choices":[]}"#))
        #expect(machine.replied(Self.message) == .nothing)
        machine = InteractionMachine(kind: .command, deferral: .never)
        #expect(machine.timeIsUp() == .apologise(.unavailable))
    }
}
