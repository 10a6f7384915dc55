package import DiscordModel

/// Where a user is in voice, and the credentials of that connection.
package struct VoiceState: Sendable, Equatable {
    package let userID: UserID
    package var channelID: ChannelID
    /// Identifies this voice connection to voice servers; new with each join.
    package var sessionID: String
    package var selfMute = false
    package var selfDeaf = false
    /// In a stage channel, until invited to speak.
    package var suppress = false
    package var requestToSpeakAt: EpochMilliseconds?
    /// Bots only: what a voice server must be shown; new with each join and move.
    package var token: String?
    package var endpoint: String?
}

/// What a voice connection plays, as reported by the double that plays it.
package struct NowPlaying: Sendable, Equatable {
    package var title: String
    package var author: String
    /// Milliseconds into the track.
    package var position: UInt64
    /// Milliseconds; 0 for a live stream.
    package var length: UInt64
    package var isPaused: Bool

    package init(title: String, author: String, position: UInt64, length: UInt64, isPaused: Bool) {
        self.title = title
        self.author = author
        self.position = position
        self.length = length
        self.isPaused = isPaused
    }
}
