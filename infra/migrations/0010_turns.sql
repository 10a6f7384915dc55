-- The answers that the personas owe, one row a message and bot. Written by persona alone.
CREATE TABLE turns (
    message       bigint      NOT NULL,
    bot           text        NOT NULL,
    channel       bigint      NOT NULL,
    guild         bigint,
    author        bigint      NOT NULL,
    -- What was asked; erased when the turn is finished.
    question      text        NOT NULL,
    trace         text        NOT NULL DEFAULT '',
    received_at   timestamptz NOT NULL DEFAULT now(),
    started_at    timestamptz,
    finished_at   timestamptz,
    -- Not claimed before this time: a turn that was given back waits.
    not_before    timestamptz NOT NULL DEFAULT now(),
    -- The claim: who works on it, until when, in which attempt. A later attempt fences off the earlier ones.
    holder        text,
    lease_until   timestamptz,
    attempt       integer     NOT NULL DEFAULT 0,
    -- The messages that show the answer, first page first.
    messages      bigint[]    NOT NULL DEFAULT '{}',
    outcome       text        NOT NULL DEFAULT '',
    detail        text        NOT NULL DEFAULT '',
    model         text        NOT NULL DEFAULT '',
    input_tokens  integer     NOT NULL DEFAULT 0,
    output_tokens integer     NOT NULL DEFAULT 0,
    PRIMARY KEY (message, bot)
);

-- What is still open: small, whatever the history.
CREATE INDEX turns_open ON turns (bot, channel, message) WHERE finished_at IS NULL;
CREATE INDEX turns_finished ON turns (finished_at) WHERE finished_at IS NOT NULL;

SELECT ensemble_grant('SELECT, INSERT, UPDATE, DELETE', 'turns', ARRAY['persona']);
SELECT ensemble_grant('SELECT', 'turns', ARRAY['admin-api']);
