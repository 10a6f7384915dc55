-- Who may do what with queues and players: music writes what shall play, lavalink-bridge what does.

SELECT ensemble_grant('SELECT, INSERT, UPDATE, DELETE',
    unnest(ARRAY['player_desired', 'queue_entries', 'music_commands']), ARRAY['music']);
SELECT ensemble_grant('USAGE', 'SEQUENCE player_generation', ARRAY['music']);
SELECT ensemble_grant('SELECT, INSERT, UPDATE, DELETE',
    unnest(ARRAY['player_observed', 'lavalink_sessions']), ARRAY['lavalink-bridge']);
SELECT ensemble_grant('SELECT', 'player_desired', ARRAY['lavalink-bridge', 'admin-api']);
SELECT ensemble_grant('SELECT', 'player_observed', ARRAY['music', 'admin-api']);
SELECT ensemble_grant('SELECT', 'queue_entries', ARRAY['lavalink-bridge', 'admin-api']);
