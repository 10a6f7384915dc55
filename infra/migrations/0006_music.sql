-- Music: what shall play (written by music), what does play (written by lavalink-bridge), and the queues.

CREATE SEQUENCE player_generation;

-- Writer: music. The row of a bot is its lease of a voice channel: one bot a channel, one channel a bot and guild.
CREATE TABLE player_desired (
    guild bigint NOT NULL,
    bot text NOT NULL,
    channel bigint NOT NULL,
    text_channel bigint,
    generation bigint NOT NULL DEFAULT nextval('player_generation'),
    voice_revision bigint NOT NULL DEFAULT 0,
    entry text,
    encoded text NOT NULL DEFAULT '',
    source text NOT NULL DEFAULT '',
    start_position bigint NOT NULL DEFAULT 0,
    paused boolean NOT NULL DEFAULT false,
    volume bigint NOT NULL DEFAULT 100 CHECK (volume BETWEEN 0 AND 1000),
    failures bigint NOT NULL DEFAULT 0,
    idle_since timestamptz DEFAULT now(),
    alone_since timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild, bot),
    UNIQUE (guild, channel)
);

-- Writer: lavalink-bridge.
CREATE TABLE player_observed (
    guild bigint NOT NULL,
    bot text NOT NULL,
    generation bigint NOT NULL DEFAULT 0,
    node text NOT NULL DEFAULT '',
    channel bigint,
    entry text,
    position bigint NOT NULL DEFAULT 0,
    position_at bigint NOT NULL DEFAULT 0,
    is_playing boolean NOT NULL DEFAULT false,
    ended_entry text,
    ended_reason text NOT NULL DEFAULT '',
    lost text NOT NULL DEFAULT '',
    lost_generation bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild, bot)
);

-- Writer: music. An entry's name is '<interaction>.<index>', so a command that is handled twice adds it once.
CREATE TABLE queue_entries (
    entry text PRIMARY KEY,
    guild bigint NOT NULL,
    bot text NOT NULL,
    place bigint GENERATED ALWAYS AS IDENTITY,
    state text NOT NULL DEFAULT 'queued',
    track jsonb NOT NULL,
    requester bigint NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    ended_at timestamptz
);
CREATE INDEX queue_entries_open ON queue_entries (guild, bot, place) WHERE state IN ('queued', 'playing');
CREATE INDEX queue_entries_ended ON queue_entries (ended_at) WHERE ended_at IS NOT NULL;

-- Writer: music. What each interaction came to: a second handling answers the same and does nothing.
CREATE TABLE music_commands (
    interaction bigint PRIMARY KEY,
    outcome jsonb NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX music_commands_age ON music_commands (handled_at);

-- Writer: lavalink-bridge. A session's name lets a restarted bridge find its players still playing; it is a secret.
CREATE TABLE lavalink_sessions (
    bot text NOT NULL,
    node text NOT NULL,
    session text NOT NULL,
    user_id bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bot, node)
);
