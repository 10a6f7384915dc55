-- Which instance answers what. `instances`: what each takes, as its settings say, how busy it is, and whether all of its
-- parts work. `turns`: the names by which a turn's route is found, and the route by which it was claimed last.
-- The grants of both tables hold for new columns too.
ALTER TABLE instances
    -- all, chat, image, video, admin
    ADD COLUMN type text NOT NULL DEFAULT 'all',
    -- Empty: everything.
    ADD COLUMN enabled_commands text[] NOT NULL DEFAULT '{}',
    ADD COLUMN enabled_channels text[] NOT NULL DEFAULT '{}',
    ADD COLUMN enabled_guilds bigint[] NOT NULL DEFAULT '{}',
    -- What it is working at, over what it can work at.
    ADD COLUMN load double precision NOT NULL DEFAULT 0,
    ADD COLUMN ready boolean NOT NULL DEFAULT false;

ALTER TABLE turns
    -- Of the channel, of a thread its channel's, and of its category; empty where nobody asked for them.
    ADD COLUMN channel_name text NOT NULL DEFAULT '',
    ADD COLUMN category_name text NOT NULL DEFAULT '',
    ADD COLUMN route text NOT NULL DEFAULT '';
