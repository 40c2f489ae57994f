-- Segments: saved conditions on leads. Types, defaults and archiving of custom fields, and readers of their values.

-- fields ----------------------------------------------------------------------------------------------------

CREATE TYPE field_type AS ENUM ('text', 'number', 'date', 'datetime', 'boolean', 'choice', 'choices', 'url');

ALTER TABLE lead_fields
    ADD COLUMN type field_type NOT NULL DEFAULT 'text',
    ADD COLUMN choices text[] NOT NULL DEFAULT '{}',   -- what a choice may be, in the order shown
    ADD COLUMN default_value jsonb,                    -- what templates print when a lead has no value
    ADD COLUMN archived_at timestamptz;                -- no longer offered; the values of leads stay

-- A field may have been a text before it got its type: what does not fit reads as nothing, and never fails.

CREATE FUNCTION field_number(value text) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN value ~ '^-?[0-9]+(\.[0-9]+)?$' THEN value::numeric END;

CREATE FUNCTION field_date(value text) RETURNS date
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
-- 2026-01-31, when there is such a day. Not in plain SQL: inlined, it would look the value up at each mention.
DECLARE
    year int;
    month int;
    day int;
BEGIN
    IF translate(value, '123456789', '000000000') <> '0000-00-00' THEN
        RETURN NULL;
    END IF;
    year := substr(value, 1, 4)::int;
    month := substr(value, 6, 2)::int;
    day := substr(value, 9, 2)::int;
    IF year = 0 OR month NOT BETWEEN 1 AND 12 OR day NOT BETWEEN 1 AND 31 THEN
        RETURN NULL;
    END IF;
    IF day > 28 AND extract(month FROM make_date(year, month, 1) + (day - 1)) <> month THEN
        RETURN NULL;
    END IF;
    RETURN make_date(year, month, day);
END $$;

CREATE FUNCTION field_moment(value text) RETURNS timestamptz
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
-- 2026-01-31T12:00:00Z, as values are stored; a bare date is its first moment in UTC.
BEGIN
    IF value ~ '^.{10}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$' THEN
        RETURN (field_date(substr(value, 1, 10)) + substr(value, 12, 8)::time) AT TIME ZONE 'UTC';
    END IF;
    RETURN field_date(value)::timestamp AT TIME ZONE 'UTC';
END $$;

-- segments --------------------------------------------------------------------------------------------------

CREATE TABLE segments (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    tree         jsonb NOT NULL,
    uses         bigint[] NOT NULL DEFAULT '{}',   -- segments that the tree names itself
    version      int NOT NULL DEFAULT 1,           -- grows with each change of the tree
    members      bigint,                           -- when they were last counted one by one
    counted_at   timestamptz,
    counting     boolean NOT NULL DEFAULT false,   -- a job is to count them
    created_by   bigint REFERENCES users ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    archived_at  timestamptz,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX segments_name_key ON segments (workspace_id, lower(name)) WHERE archived_at IS NULL;
COMMENT ON TABLE segments IS 'owner: product.segments';
CALL protect_tenant_table('segments');

-- What the segments of a campaign said at its launch: its audience does not change while it is written down.
ALTER TABLE campaigns ADD COLUMN frozen_segments jsonb;
