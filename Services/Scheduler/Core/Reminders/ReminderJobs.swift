import BusContract
import CommandKit
import DiscordModel
import DurableEvents
import FoundationEssentials
import MessageBus
import ServiceLifecycle
import Store

/// Does the jobs whose target is the scheduler itself: sends reminders, each once.
struct ReminderJobs: Service {
    /// A reminder that comes later than this says so.
    private static let lateAfter: Int64 = 60_000

    let bus: BusConnection
    let spine: Spine
    let texts: Catalogue

    func run() async throws {
        try await bus.serve(RunJob.self, at: .jobs(of: .scheduler)) { job, _ in
            try await take(job)
            return Acknowledgement()
        }
    }

    func take(_ job: RunJob) async throws {
        guard job.kind == Reminder.kind else {
            throw RequestFailure(code: "unknownJob", message: "the scheduler has no jobs of kind \"\(job.kind)\"")
        }
        let reminder: Reminder
        do {
            reminder = try JSONDecoder().decode(Reminder.self, from: Data(job.data.utf8))
        } catch {
            throw RequestFailure(code: "malformedJob", message: "job \(job.job) is no reminder: \(error)")
        }
        try await spine.transaction { transaction in
            guard try await Jobs(transaction).take(job.job, target: "scheduler") else { return }
            transaction.add(try effect(of: reminder, job: job))
        }
    }

    private func effect(of reminder: Reminder, job: RunJob) throws -> Effect {
        let language = Language(rawValue: reminder.language) ?? .english
        let late = Int64(Date().timeIntervalSince1970 * 1_000) - job.dueAt > Self.lateAfter
        let text = texts.text(
            late ? "remind.firedLate" : "remind.fired",
            in: language,
            ["member": "<@\(reminder.user)>", "text": reminder.text, "when": "<t:\(job.dueAt / 1_000):R>"]
        )
        return try .sendMessage(
            OutgoingMessage(content: text, allowedMentions: .only(reminder.user)),
            to: reminder.channel,
            by: reminder.bot,
            key: "job:\(job.job)",
            life: .seconds(86_400)
        )
    }
}
