-- Which instance of the gateway cares for an interaction: with interactions by HTTP any of several may have taken it, and
-- what one left when it ended is finished by another.
ALTER TABLE interactions ADD COLUMN holder text NOT NULL DEFAULT '';
