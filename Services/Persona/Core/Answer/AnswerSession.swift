import DiscordModel
import LLM
import ServiceKit
import Synchronization

/// What came of asking the model, for the turn's row.
struct Heard: Sendable {
    var model: String
    var usage: TokenUsage?
    var failure: LanguageModelError?
}

/// The machine of one answer, shared by the task that hears the model and the task that speaks to Discord.
final class AnswerSession: Sendable {
    private let machine: Mutex<AnswerMachine>
    private let ending = Mutex<(heard: Heard?, told: TextKey?)>((nil, nil))
    private let wake = Wake()
    private let clock: any Clock<Duration>
    private let elapsedTime: @Sendable () -> Duration

    init(_ machine: sending AnswerMachine, clock: any Clock<Duration>) {
        self.machine = Mutex(machine)
        self.clock = clock
        elapsedTime = Self.stopwatch(clock)
    }

    private static func stopwatch(_ clock: some Clock<Duration>) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }

    /// Time since the attempt began.
    var elapsed: Duration { elapsedTime() }

    /// Changes the machine and has the next step decided anew.
    func update<Value: Sendable>(_ change: @Sendable (inout AnswerMachine, _ now: Duration) -> Value) -> Value {
        let now = elapsed
        defer { wake.signal() }
        return machine.withLock { change(&$0, now) }
    }

    /// A fact about the machine.
    func read<Value: Sendable>(_ body: @Sendable (AnswerMachine) -> Value) -> Value {
        machine.withLock { body($0) }
    }

    /// Notes what came of the last call of the model.
    func heard(_ heard: Heard) {
        ending.withLock { $0.heard = heard }
    }

    /// Ends the answer, with what the member is told beside it.
    func close(telling key: TextKey?, _ notice: String?) {
        ending.withLock { $0.told = key }
        update { machine, _ in machine.close(notice: notice) }
    }

    /// What was heard and told.
    var result: (heard: Heard?, told: TextKey?) {
        ending.withLock { $0 }
    }

    /// The next step that is not waiting; returns earlier only by throwing `CancellationError`.
    func nextStep() async throws -> AnswerMachine.Step {
        while true {
            try Task.checkCancellation()
            let now = elapsed
            let step = machine.withLock { $0.next(at: now) }
            guard case .wait(let until) = step else { return step }
            if let until {
                await wake.wait(atMost: until - now, clock: clock)
            } else {
                await wake.wait()
            }
        }
    }
}
