-- One role a service, and the rights of each.
--
-- The migrator makes the roles (ensemble_gateway, ensemble_lavalink_bridge …) unless DATABASE_SINGLE_ROLE=1; it runs
-- as the owner of all tables. They log in without a password only where pg_hba.conf trusts them: give them passwords
-- anywhere else.

-- Nobody but the owner makes tables (PostgreSQL 14 and older let everyone).
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- Every right that a migration has given. Kept, so that roles that are made later get theirs too.
CREATE TABLE role_grants (
    privileges text NOT NULL,
    -- A table's name, or `SEQUENCE name`, `FUNCTION name(types)`.
    object text NOT NULL,
    service text NOT NULL,
    PRIMARY KEY (object, service, privileges)
);

CREATE FUNCTION ensemble_role(service text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT 'ensemble_' || replace(service, '-', '_') $$;

-- Gives privileges on an object to services; notes them for roles that do not exist yet.
CREATE FUNCTION ensemble_grant(privileges text, object text, services text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY services LOOP
        INSERT INTO role_grants VALUES (privileges, object, wanted) ON CONFLICT DO NOTHING;
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = ensemble_role(wanted)) THEN
            EXECUTE format('GRANT %s ON %s TO %I', privileges, object, ensemble_role(wanted));
        END IF;
    END LOOP;
END
$$;

-- Makes the roles that are missing and gives them what the migrations have noted.
CREATE FUNCTION ensemble_make_roles(services text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    wanted text;
    noted record;
BEGIN
    FOREACH wanted IN ARRAY services LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ensemble_role(wanted)) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I LOGIN', ensemble_role(wanted));
            EXCEPTION
                -- Roles belong to the whole server: another database's migrator may have been faster.
                WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'the role % is missing, and % may not make it', ensemble_role(wanted), current_user
                        USING HINT = 'give the owner CREATEROLE, or set DATABASE_SINGLE_ROLE=1',
                            ERRCODE = 'insufficient_privilege';
            END;
        END IF;
        FOR noted IN SELECT * FROM role_grants g WHERE g.service = wanted LOOP
            EXECUTE format('GRANT %s ON %s TO %I', noted.privileges, noted.object, ensemble_role(wanted));
        END LOOP;
    END LOOP;
END
$$;

-- Announces that a table has changed, never what: whoever listens reads it again.
CREATE FUNCTION announce_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_ARGV[0], TG_TABLE_NAME);
    RETURN NULL;
END
$$;
