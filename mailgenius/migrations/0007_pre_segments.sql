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
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    -- 2026-01-31, when there is such a day.
    RETURN CASE WHEN value ~ '^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
                THEN CASE WHEN substr(value, 9, 2)::int <= CASE substr(value, 6, 2)
                               WHEN '02' THEN CASE WHEN substr(value, 1, 4)::int % 4 = 0
                                                    AND (substr(value, 1, 4)::int % 100 <> 0
                                                         OR substr(value, 1, 4)::int % 400 = 0) THEN 29 ELSE 28 END
                               WHEN '04' THEN 30 WHEN '06' THEN 30 WHEN '09' THEN 30 WHEN '11' THEN 30 ELSE 31 END
                          THEN make_date(substr(value, 1, 4)::int, substr(value, 6, 2)::int,
                                         substr(value, 9, 2)::int) END END;

CREATE FUNCTION field_moment(value text) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    -- 2026-01-31T12:00:00Z, as values are stored; a bare date is its first moment in UTC.
    RETURN CASE WHEN value ~ '^.{10}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$'
                THEN (field_date(substr(value, 1, 10))
                      + make_time(substr(value, 12, 2)::int, substr(value, 15, 2)::int, substr(value, 18, 2)::int))
                     AT TIME ZONE 'UTC'
                ELSE field_date(value)::timestamp AT TIME ZONE 'UTC' END;

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
