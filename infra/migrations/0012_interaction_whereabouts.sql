-- Where an interaction was used and by whom: a member whose interaction died with a gateway is told so in the channel.
ALTER TABLE interactions
    ADD COLUMN channel bigint,
    ADD COLUMN user_id bigint,
    ADD COLUMN locale text NOT NULL DEFAULT '';
