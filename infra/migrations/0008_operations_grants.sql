-- Who may do what with the registry of processes and the keys of the admin API.

SELECT ensemble_grant('SELECT, INSERT, UPDATE, DELETE', 'instances',
    ARRAY['gateway', 'music', 'lavalink-bridge', 'persona', 'moderation', 'scheduler', 'community', 'admin-api', 'bus']);
SELECT ensemble_grant('SELECT, INSERT, UPDATE', 'api_keys', ARRAY['admin-api']);
