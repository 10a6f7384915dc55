-- What the gateway keeps: the fleet, its budgets, guild snapshots, commands and open interactions. Writer: gateway.

-- The bots of the troupe. A token is never here, only where to find it.
CREATE TABLE bots (
    bot text PRIMARY KEY CHECK (bot ~ '^[a-z0-9-]{1,32}$'),
    -- The name of a variable (`DISCORD_TOKEN_IRIS`) or `file:<path>`.
    token_ref text NOT NULL,
    is_primary boolean NOT NULL DEFAULT false,
    -- What an operator wants.
    desired text NOT NULL DEFAULT 'running' CHECK (desired IN ('running', 'stopped')),
    -- What is: stopped, connecting, online, resuming, failed.
    state text NOT NULL DEFAULT 'stopped',
    reason text NOT NULL DEFAULT '',
    username text NOT NULL DEFAULT '',
    user_id bigint,
    application_id bigint,
    shards integer NOT NULL DEFAULT 1,
    since timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX bots_one_primary ON bots (is_primary) WHERE is_primary;

-- Every IDENTIFY, written before it is sent: a crash loop cannot spend more than is counted here.
CREATE TABLE identifies (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bot text NOT NULL,
    shard integer NOT NULL,
    sent_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX identifies_by_bot ON identifies (bot, sent_at DESC);

-- Answers 401, 403 and 429 by the minute: Discord bars an address after 10,000 in ten minutes.
CREATE TABLE invalid_requests (
    minute timestamptz PRIMARY KEY,
    count bigint NOT NULL
);

-- The guild cache as it was at an event: written behind, read on demand.
CREATE TABLE guild_snapshots (
    bot text NOT NULL,
    guild bigint NOT NULL,
    -- Up to where in the journal the state reaches.
    stream bigint NOT NULL,
    seq bigint NOT NULL,
    state bytea NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bot, guild)
);

-- What each service declares; their union is registered with Discord.
CREATE TABLE command_manifests (
    service text PRIMARY KEY,
    version bigint NOT NULL,
    -- [{"name", "deferral", "definition"}]
    commands jsonb NOT NULL,
    -- [{"prefix", "deferral"}]
    components jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- What Discord has, so that nothing is registered that has not changed.
CREATE TABLE registered_commands (
    application bigint NOT NULL,
    -- 0 = everywhere.
    guild bigint NOT NULL DEFAULT 0,
    name text NOT NULL,
    -- SHA-256 of the definition.
    digest bytea NOT NULL,
    command bigint,
    registered_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (application, guild, name)
);

-- Interactions that wait for an answer; the token is sealed, and erased when it has expired.
CREATE TABLE interactions (
    interaction bigint PRIMARY KEY,
    bot text NOT NULL,
    application bigint NOT NULL,
    token bytea,
    service text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    -- received, deferred, answered, failed
    state text NOT NULL DEFAULT 'received',
    received_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX interactions_open ON interactions (received_at) WHERE state IN ('received', 'deferred');
CREATE INDEX interactions_tokens ON interactions (expires_at) WHERE token IS NOT NULL;

CREATE TRIGGER bots_changed AFTER INSERT OR UPDATE OR DELETE ON bots
    FOR EACH STATEMENT EXECUTE FUNCTION announce_change('fleet_changed');

SELECT ensemble_grant('SELECT, INSERT, UPDATE, DELETE', unnest(ARRAY[
    'bots', 'identifies', 'invalid_requests', 'guild_snapshots', 'command_manifests', 'registered_commands',
    'interactions']), ARRAY['gateway']);
SELECT ensemble_grant('SELECT', 'bots',
    ARRAY['music', 'lavalink-bridge', 'persona', 'moderation', 'scheduler', 'community', 'admin-api']);
SELECT ensemble_grant('SELECT', unnest(ARRAY['command_manifests', 'identifies', 'invalid_requests']),
    ARRAY['admin-api']);
