-- Moderation cases and word lists, the economy's ledger, jobs, and the audit log.

-- One row a case; numbers count from 1 in each guild.
CREATE TABLE cases (
    guild bigint NOT NULL,
    number integer NOT NULL,
    -- What opened it, so that the same offence or command opens it once: `words:<message>`, `interaction:<id>`.
    key text NOT NULL UNIQUE,
    type text NOT NULL,
    user_id bigint NOT NULL,
    -- NULL = opened by a rule.
    moderator_id bigint,
    reason text NOT NULL,
    channel_id bigint,
    message_id bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild, number)
);
CREATE INDEX cases_by_user ON cases (guild, user_id, number DESC);
CREATE INDEX cases_by_time ON cases (created_at DESC, guild, number);

-- The last case number of each guild: its row is locked by whoever opens a case, so that numbers have no holes.
CREATE TABLE case_counters (
    guild bigint PRIMARY KEY,
    last integer NOT NULL
);

-- A guild's own word list. A guild without a row here has the default list of config/moderation.yaml.
CREATE TABLE word_lists (
    guild bigint PRIMARY KEY,
    words text[] NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by bigint
);

-- Who changed what, and what a rule did. Written inside the transaction of the change itself.
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Makes an entry unique where its cause can come twice.
    key text UNIQUE,
    at timestamptz NOT NULL DEFAULT now(),
    guild bigint,
    -- `user:<id>`, `rule:words`, `api-key:<name>`
    actor text NOT NULL,
    -- `case.open`, `words.add`, `bot.stop` …
    action text NOT NULL,
    subject text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_by_guild ON audit (guild, id DESC);

-- What is to happen at a time. Done when the target has acknowledged it.
CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Makes scheduling twice harmless: `remind:<interaction>`.
    key text NOT NULL UNIQUE,
    -- The service that does it.
    target text NOT NULL,
    kind text NOT NULL,
    guild bigint,
    -- Whose job it is, for limits and for erasure.
    user_id bigint,
    data jsonb NOT NULL DEFAULT '{}',
    due_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'failed', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX jobs_due ON jobs (next_attempt_at) WHERE state = 'waiting';
CREATE INDEX jobs_of_user ON jobs (user_id) WHERE state = 'waiting';

-- Wakes the scheduler for jobs that are due sooner than it would look.
CREATE FUNCTION notify_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('jobs', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER jobs_changed AFTER INSERT ON jobs FOR EACH STATEMENT EXECUTE FUNCTION notify_jobs();

-- Jobs that a target has taken: the same job may be fired twice, and is done once.
CREATE TABLE jobs_taken (
    target text NOT NULL,
    job bigint NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (target, job)
);

-- Accounts of a guild's economy; the guild's own account, from which coins come, has user 0 and may be below zero.
CREATE TABLE accounts (
    guild bigint NOT NULL,
    user_id bigint NOT NULL,
    balance bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (guild, user_id),
    CHECK (user_id = 0 OR balance >= 0)
);

-- Every movement of coins as a pair of entries that add up to zero.
CREATE TABLE ledger (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Makes a movement unique: `daily:<guild>:<user>:<day>`.
    key text NOT NULL,
    guild bigint NOT NULL,
    user_id bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount <> 0),
    reason text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (key, user_id)
);
CREATE INDEX ledger_by_user ON ledger (guild, user_id, id DESC);

-- At each commit the entries of a movement add up to zero, whatever the program does.
CREATE FUNCTION check_ledger_sum() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(amount) FROM ledger WHERE key = NEW.key) <> 0 THEN
        RAISE EXCEPTION 'ledger entries of % do not add up to zero', NEW.key USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER ledger_sum AFTER INSERT ON ledger
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_ledger_sum();

-- Written entries stay as they are.
CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is never changed, only added to';
END
$$;
CREATE TRIGGER ledger_fixed BEFORE UPDATE OR DELETE ON ledger
    FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();

-- Services read configuration again when it has changed; the payload names the table only.
CREATE FUNCTION notify_config_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('config_changed', TG_TABLE_NAME);
    RETURN NULL;
END
$$;
CREATE TRIGGER word_lists_changed AFTER INSERT OR UPDATE OR DELETE ON word_lists
    FOR EACH STATEMENT EXECUTE FUNCTION notify_config_changed();

SELECT ensemble_grant('SELECT, INSERT, UPDATE, DELETE', unnest(ARRAY['cases', 'case_counters', 'word_lists']),
    ARRAY['moderation']);
SELECT ensemble_grant('SELECT', unnest(ARRAY['cases', 'word_lists', 'accounts', 'ledger', 'audit']), ARRAY['admin-api']);
SELECT ensemble_grant('SELECT, INSERT', 'audit',
    ARRAY['gateway', 'music', 'persona', 'moderation', 'scheduler', 'community', 'admin-api']);
SELECT ensemble_grant('SELECT, INSERT, UPDATE', 'jobs',
    ARRAY['music', 'persona', 'moderation', 'scheduler', 'community', 'admin-api']);
SELECT ensemble_grant('SELECT, INSERT', 'jobs_taken',
    ARRAY['music', 'persona', 'moderation', 'scheduler', 'community', 'admin-api']);
SELECT ensemble_grant('SELECT, INSERT, UPDATE', 'accounts', ARRAY['community']);
SELECT ensemble_grant('SELECT, INSERT', 'ledger', ARRAY['community']);
