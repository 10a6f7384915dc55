-- The durable spine: streams, journal, positions, effects, outbox, leases, observers, gaps.

-- One row a Discord session of one shard of one bot. Its sequence is Discord's own `s`.
CREATE TABLE streams (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- '<bot>/<shard>'
    partition text NOT NULL,
    -- Discord's session id, with which the gateway resumes.
    session text NOT NULL,
    -- Where the next RESUME connects.
    resume_url text NOT NULL,
    -- Counts the streams of a partition from 1.
    ordinal bigint NOT NULL,
    -- The highest sequence number in the journal; RESUME never names a higher one.
    last_seq bigint NOT NULL DEFAULT 0,
    -- A closed stream gets no more events: a consumer finishes it up to last_seq and goes on with the next.
    closed boolean NOT NULL DEFAULT false,
    opened_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    UNIQUE (partition, ordinal),
    UNIQUE (partition, session)
);

-- At most one open stream a partition.
CREATE UNIQUE INDEX streams_open ON streams (partition) WHERE NOT closed;

-- Every durable event as Discord sent it. `hour` is when it was written: partitions are dropped whole.
CREATE TABLE journal (
    stream bigint NOT NULL,
    seq bigint NOT NULL,
    hour timestamptz NOT NULL,
    event text NOT NULL,
    -- The bus header, as it was published.
    header bytea NOT NULL,
    payload bytea NOT NULL,
    PRIMARY KEY (stream, seq, hour)
) PARTITION BY RANGE (hour);

-- Makes the partition for an instant's hour. Owned by the migrator, so that the gateway needs no right to create tables.
CREATE FUNCTION make_journal_partition(instant timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    first timestamptz := date_trunc('hour', instant, 'UTC');
    name text := 'journal_' || to_char(first AT TIME ZONE 'UTC', 'YYYYMMDDHH24');
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN;
    END IF;
    -- Two gateways may come at once: the second waits here and then finds it made.
    PERFORM pg_advisory_xact_lock(hashtext('make_journal_partition'));
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS %I PARTITION OF journal FOR VALUES FROM (%L) TO (%L)',
        name, first, first + interval '1 hour');
END
$$;

-- Drops partitions whose hour ended before an instant; returns how many.
CREATE FUNCTION drop_journal_partitions(before timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    old text;
    dropped integer := 0;
BEGIN
    FOR old IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'journal'::regclass
          AND c.relname < 'journal_' || to_char(date_trunc('hour', before, 'UTC') AT TIME ZONE 'UTC', 'YYYYMMDDHH24')
    LOOP
        EXECUTE format('DROP TABLE %I', old);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;

-- How far a consumer has come on each event of a partition. It is kept by event, for only an event's own `prev` tells
-- whether one of its kind was missed: one number for all would step over a lost MESSAGE_CREATE with the next
-- MESSAGE_DELETE.
CREATE TABLE positions (
    consumer text NOT NULL,
    partition text NOT NULL,
    event text NOT NULL,
    stream bigint NOT NULL,
    seq bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, partition, event)
);

-- Events that a consumer's handler refused again and again: recorded with the reason, and stepped over.
CREATE TABLE refused_events (
    consumer text NOT NULL,
    stream bigint NOT NULL,
    seq bigint NOT NULL,
    event text NOT NULL,
    reason text NOT NULL,
    refused_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, stream, seq)
);

-- What is to be done on Discord, once by key. Written in the transaction that decided it.
CREATE TABLE effects (
    key text PRIMARY KEY,
    -- The service that decided it and carries it out.
    service text NOT NULL,
    bot text NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    body text NOT NULL DEFAULT '',
    audit_reason text NOT NULL DEFAULT '',
    lane text NOT NULL,
    safety text NOT NULL,
    -- pending, done, refused (Discord said no), unknown (nobody knows: an operator looks), expired
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'refused', 'unknown', 'expired')),
    attempts integer NOT NULL DEFAULT 0,
    -- The first time that it may have reached Discord: a nonce is trusted for two minutes from here.
    first_sent_at timestamptz,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    status integer,
    detail text,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX effects_pending ON effects (service, next_attempt_at) WHERE state = 'pending';

-- Events of our own, published after their transaction has committed. The counter's row is locked by whoever appends,
-- so that the order of commits is the order of the numbers.
CREATE TABLE outbox_streams (
    service text PRIMARY KEY,
    last_seq bigint NOT NULL DEFAULT 0
);
CREATE TABLE outbox (
    service text NOT NULL,
    seq bigint NOT NULL,
    topic text NOT NULL,
    type text NOT NULL,
    payload bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    PRIMARY KEY (service, seq)
);
CREATE INDEX outbox_waiting ON outbox (service, seq) WHERE published_at IS NULL;

-- Everything that has one owner at a time. The epoch grows with each new owner, and every write of an owner names it.
CREATE TABLE leases (
    resource text PRIMARY KEY,
    holder text NOT NULL,
    epoch bigint NOT NULL,
    expires_at timestamptz NOT NULL
);

-- The bot from whose stream a guild's events are taken.
CREATE TABLE observers (
    guild bigint PRIMARY KEY,
    bot text NOT NULL,
    epoch bigint NOT NULL DEFAULT 1,
    since timestamptz NOT NULL DEFAULT now()
);

-- Times in which events may have been missed, shown to operators.
CREATE TABLE gaps (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partition text NOT NULL,
    stream bigint,
    from_at timestamptz NOT NULL,
    to_at timestamptz NOT NULL DEFAULT now(),
    reason text NOT NULL
);

SELECT ensemble_grant('SELECT, INSERT, UPDATE, DELETE', 'leases',
    ARRAY['gateway', 'music', 'lavalink-bridge', 'persona', 'moderation', 'scheduler', 'community', 'admin-api']);
SELECT ensemble_grant('SELECT, INSERT, UPDATE', 'streams', ARRAY['gateway']);
SELECT ensemble_grant('SELECT, INSERT', 'journal', ARRAY['gateway']);
SELECT ensemble_grant('SELECT, INSERT, UPDATE, DELETE', 'observers', ARRAY['gateway']);
SELECT ensemble_grant('SELECT, INSERT', 'gaps', ARRAY['gateway']);
SELECT ensemble_grant('SELECT', unnest(ARRAY['streams', 'journal', 'gaps', 'observers']),
    ARRAY['music', 'lavalink-bridge', 'persona', 'moderation', 'scheduler', 'community', 'admin-api']);
SELECT ensemble_grant('SELECT, INSERT, UPDATE, DELETE',
    unnest(ARRAY['positions', 'refused_events', 'effects', 'outbox', 'outbox_streams']),
    ARRAY['gateway', 'music', 'lavalink-bridge', 'persona', 'moderation', 'scheduler', 'community', 'admin-api']);
