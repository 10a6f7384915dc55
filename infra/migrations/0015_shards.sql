-- How many shards the bot had when the session began: a session cannot be taken up with another number.
ALTER TABLE streams ADD COLUMN shards integer NOT NULL DEFAULT 1 CHECK (shards > 0);
