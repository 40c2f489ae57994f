-- Privacy: people who asked to be erased, known by a keyed hash alone, and how long a workspace keeps what.

CREATE FUNCTION hmac_sha256(inner_block bytea, outer_block bytea, value text) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    -- HMAC-SHA256 (RFC 2104) by the two blocks that its key makes. The key itself never comes to the database.
    RETURN sha256(outer_block || sha256(inner_block || convert_to(value, 'UTF8')));

-- An e-mail, phone or external id that must not come back. Nothing of it can be read without the installation's key.
CREATE TABLE erased_identities (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    hash         bytea NOT NULL,
    erasure_id   bigint NOT NULL,                  -- what the identities of one person have in common
    PRIMARY KEY (workspace_id, hash)
);
CREATE INDEX erased_identities_erasure_idx ON erased_identities (workspace_id, erasure_id);
COMMENT ON TABLE erased_identities IS 'owner: engine.suppression';
CALL protect_tenant_table('erased_identities');

CREATE FUNCTION has_erased(workspace bigint) RETURNS boolean
    LANGUAGE plpgsql AS $$
-- Whether people of a workspace were erased. An erasure that is under way is waited for, and a later one waits for
-- this transaction: so nobody comes back between the look and the writing. Volatile on purpose: the look has to see
-- what was committed during the wait.
BEGIN
    PERFORM pg_advisory_xact_lock_shared(724510634, (workspace % 2147483647)::int);
    RETURN EXISTS (SELECT FROM erased_identities WHERE workspace_id = workspace);
END $$;

-- One line for each person erased, with nothing of the person.
CREATE TABLE erasures (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    counts       jsonb NOT NULL DEFAULT '{}',      -- what was removed or made nameless, by kind
    erased_by    bigint REFERENCES users ON DELETE SET NULL,
    erased_at    timestamptz NOT NULL DEFAULT now(),
    allowed_by   bigint REFERENCES users ON DELETE SET NULL,
    allowed_at   timestamptz,                      -- when the person was let in again
    PRIMARY KEY (workspace_id, id)
);
COMMENT ON TABLE erasures IS 'owner: product.privacy';
CALL protect_tenant_table('erasures');

-- How long a workspace keeps what; NULL is for ever. Without a row: the columns' defaults.
CREATE TABLE retention_rules (
    workspace_id    bigint PRIMARY KEY REFERENCES workspaces ON DELETE CASCADE,
    tracking_months int CHECK (tracking_months BETWEEN 1 AND 120),
    data_days       int NOT NULL DEFAULT 30 CHECK (data_days BETWEEN 1 AND 3650),
    attempts_days   int CHECK (attempts_days BETWEEN 1 AND 3650),
    files_days      int CHECK (files_days BETWEEN 1 AND 3650),
    inactive_months int CHECK (inactive_months BETWEEN 1 AND 120),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE retention_rules IS 'owner: product.privacy';
CALL protect_tenant_table('retention_rules');
