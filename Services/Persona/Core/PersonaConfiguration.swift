package import LLM
package import ServiceKit

/// How the persona service works, from the environment.
///
/// | variable | meaning | default |
/// |---|---|---|
/// | `PERSONA_CONCURRENCY` | answers that one worker writes at a time | 24 |
/// | `PERSONA_EDIT_INTERVAL` | shortest time between two edits of a growing answer | 1200ms |
/// | `PERSONA_MAX_CHARACTERS` | longest answer shown | 8000 |
/// | `PERSONA_TURN_TIMEOUT` | longest time of one answer, attempts included | 180s |
/// | `PERSONA_MAX_AGE` | a question that waited longer is told that it is too late | 10m |
/// | `PERSONA_FIRST_TOKEN_TIMEOUT` | how long a model may think before its first word | 45s |
/// | `PERSONA_IDLE_TIMEOUT` | how long a model may pause within an answer | 20s |
package struct PersonaConfiguration: Sendable {
    package var concurrency = 24
    package var editInterval: Duration = .milliseconds(1200)
    package var maximumCharacters = 8000
    package var turnTimeout: Duration = .seconds(180)
    package var maximumAge: Duration = .seconds(600)
    /// After this a turn that could not be delivered at all is given up.
    package var abandonAfter: Duration = .seconds(24 * 3600)
    /// How long a claim lasts without renewal: the longest time until a dead worker's turn goes on elsewhere.
    package var lease: Duration = .seconds(10)
    /// How often waiting turns are looked for when nothing announces them.
    package var pollInterval: Duration = .milliseconds(500)
    /// Finished turns are kept so long; longer than the journal.
    package var retention: Duration = .seconds(7 * 24 * 3600)
    package var limits = StreamLimits()

    package init() {}

    package init(_ settings: Settings) throws(ConfigurationError) {
        concurrency = try settings.int("PERSONA_CONCURRENCY", default: concurrency, in: 1...1000)
        editInterval = try settings.duration("PERSONA_EDIT_INTERVAL", default: editInterval)
        maximumCharacters = try settings.int("PERSONA_MAX_CHARACTERS", default: maximumCharacters, in: 200...40_000)
        turnTimeout = try settings.duration("PERSONA_TURN_TIMEOUT", default: turnTimeout)
        maximumAge = try settings.duration("PERSONA_MAX_AGE", default: maximumAge)
        limits.firstToken = try settings.duration("PERSONA_FIRST_TOKEN_TIMEOUT", default: limits.firstToken)
        limits.idle = try settings.duration("PERSONA_IDLE_TIMEOUT", default: limits.idle)
        limits.total = min(limits.total, turnTimeout)
    }
}
