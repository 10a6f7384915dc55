-- What guilds set for themselves.

-- What a guild has set for itself, whichever service asks.
CREATE TABLE guild_settings (
    guild bigint PRIMARY KEY,
    -- en, uk, ru, ko, zh-TW; NULL = as Discord says.
    locale text,
    revision bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text NOT NULL DEFAULT ''
);
CREATE TRIGGER guild_settings_changed AFTER INSERT OR UPDATE OR DELETE ON guild_settings
    FOR EACH STATEMENT EXECUTE FUNCTION announce_change('config_changed');

SELECT ensemble_grant('SELECT, INSERT, UPDATE', 'guild_settings',
    ARRAY['gateway', 'music', 'lavalink-bridge', 'persona', 'moderation', 'scheduler', 'community', 'admin-api']);
