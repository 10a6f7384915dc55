-- Whether a session was begun with the intents of an observer: it keeps them for as long as it lives, whatever has been
-- decided about observers since. NULL in rows from before this was kept.
ALTER TABLE streams ADD COLUMN observes boolean;
