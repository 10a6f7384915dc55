-- One row for each answer that a persona owes: a message and the bot that was spoken to. Written with the consumer's
-- position; the row is also the record of what happened. Writer: persona.
CREATE TABLE turns (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message bigint NOT NULL,
    bot text NOT NULL,
    guild bigint,
    channel bigint NOT NULL,
    author bigint NOT NULL,
    -- Turns of one conversation run one after the other.
    conversation text NOT NULL,
    -- What the worker needs to answer; erased when the turn has ended.
    request jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'answered', 'failed', 'expired')),
    -- Grows with each claim; a worker whose attempt is not this any more has lost the turn.
    attempt integer NOT NULL DEFAULT 0,
    worker text,
    claimed_until timestamptz,
    -- A turn that could not be carried out rests until then, and says why.
    not_before timestamptz NOT NULL DEFAULT now(),
    obstacle text NOT NULL DEFAULT '',
    -- After this the answer is no longer wanted; the member is told so.
    expires_at timestamptz NOT NULL,
    -- The messages of the answer so far: another worker goes on in them.
    answers bigint[] NOT NULL DEFAULT '{}',
    -- What was reserved of a budget for it, settled when it ends.
    reservation text,
    -- Context, prompt, tools, timings, cost.
    record jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    UNIQUE (message, bot)
);
CREATE INDEX turns_open ON turns (conversation, id) WHERE state IN ('waiting', 'running');
CREATE INDEX turns_claimable ON turns (id) WHERE state IN ('waiting', 'running');
CREATE INDEX turns_by_time ON turns (created_at DESC);
CREATE INDEX turns_finished ON turns (finished_at) WHERE finished_at IS NOT NULL;
CREATE TRIGGER turns_added AFTER INSERT ON turns
    FOR EACH STATEMENT EXECUTE FUNCTION announce_change('turns');

SELECT ensemble_grant('SELECT, INSERT, UPDATE, DELETE', 'turns', ARRAY['persona']);
SELECT ensemble_grant('SELECT', 'turns', ARRAY['admin-api']);
