-- Which instance of the gateway cares for an interaction: with interactions by HTTP any of several may have taken it, and
-- what one left when it ended is finished by another.
ALTER TABLE interactions ADD COLUMN holder text NOT NULL DEFAULT '';

-- Whether a bot stands in config/fleet.yaml, or an operator has added it over the admin API.
ALTER TABLE bots ADD COLUMN source text NOT NULL DEFAULT 'file' CHECK (source IN ('file', 'api'));
