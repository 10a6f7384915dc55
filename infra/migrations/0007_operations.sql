-- The running processes and the keys of the admin API.

-- Every running process of a service says here where it is. Prometheus and the admin API read it; it decides nothing.
CREATE TABLE instances (
    service text NOT NULL,
    instance text NOT NULL,
    host text NOT NULL,
    -- Of its HTTP server: /health, /ready, /metrics.
    port integer NOT NULL,
    pid integer NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    -- What /health said last.
    report jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (service, instance)
);

-- Keys of the admin API. A key itself is never stored: 256 random bits need no slow hash.
CREATE TABLE api_keys (
    name text PRIMARY KEY,
    sha256 bytea NOT NULL UNIQUE,
    -- read, control
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
