package import DiscordModel

/// A job is due: the target does it and acknowledges. It is fired at least once; its id makes it unique at the target.
package struct RunJob: BusRequest {
    package typealias Reply = Acknowledgement
    package static let typeName = "ensemble.scheduler.v1.RunJob"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [
        .gateway, .music, .persona, .moderation, .scheduler, .community, .adminAPI,
    ]
    package static let callers: Set<ServiceRole>? = [.scheduler]

    package var job: Int64
    /// What the target is to do, for example `reminder`.
    package var kind: String
    package var guild: GuildID?
    /// The job's data as JSON text, written by the service that scheduled it.
    package var data: String
    /// Unix milliseconds.
    package var dueAt: Int64
    /// Counts from 1.
    package var attempt: Int

    package init(job: Int64, kind: String, guild: GuildID?, data: String, dueAt: Int64, attempt: Int) {
        self.job = job
        self.kind = kind
        self.guild = guild
        self.data = data
        self.dueAt = dueAt
        self.attempt = attempt
    }
}
