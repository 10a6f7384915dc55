-- When a partition's session was last known to be in touch with Discord: where a gap begins. Writer: gateway.
CREATE TABLE sessions_seen (
    partition text PRIMARY KEY,
    seen_at timestamptz NOT NULL
);

SELECT ensemble_grant('SELECT, INSERT, UPDATE', 'sessions_seen', ARRAY['gateway']);
SELECT ensemble_grant('SELECT', 'sessions_seen', ARRAY['admin-api']);
