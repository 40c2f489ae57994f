-- name: insert
-- Create a connection; its secrets follow, because their seal is bound to its id.
INSERT INTO connections (workspace_id, name, channel, provider, settings, per_second, per_minute,
                         per_hour, per_day)
VALUES (%(workspace_id)s::bigint, %(name)s, %(channel)s, %(provider)s, %(settings)s::jsonb,
        %(per_second)s::int, %(per_minute)s::int, %(per_hour)s::int, %(per_day)s::int)
RETURNING id;

-- name: store-secrets
-- Keep the sealed secrets of a connection, or none.
UPDATE connections
   SET secrets = %(secrets)s::bytea
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(connection_id)s::bigint;

-- name: update
-- Change a connection. The version tells open adapters to close.
UPDATE connections
   SET name = %(name)s, settings = %(settings)s::jsonb, secrets = %(secrets)s::bytea,
       per_second = %(per_second)s::int, per_minute = %(per_minute)s::int, per_hour = %(per_hour)s::int,
       per_day = %(per_day)s::int,
       version = version + 1, last_error = '', last_error_at = NULL, updated_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(connection_id)s::bigint;

-- name: get
-- One connection, archived or not.
SELECT id, name, channel, provider, settings, secrets IS NOT NULL AS has_secrets, per_second, per_minute,
       per_hour, per_day, version, last_error, last_error_at, created_at, archived_at
  FROM connections
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(connection_id)s::bigint;

-- name: list
-- The connections of a workspace that are not archived, by name.
SELECT id, name, channel, provider, settings, secrets IS NOT NULL AS has_secrets, per_second, per_minute,
       per_hour, per_day, version, last_error, last_error_at, created_at, archived_at
  FROM connections
 WHERE workspace_id = %(workspace_id)s::bigint AND archived_at IS NULL
 ORDER BY lower(name), id;

-- name: lock-secrets
-- The sealed secrets of a connection that is about to be changed.
SELECT secrets
  FROM connections
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(connection_id)s::bigint
   FOR UPDATE;

-- name: secrets
-- The sealed secrets of a connection that is about to be opened.
SELECT secrets
  FROM connections
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(connection_id)s::bigint;

-- name: has-open-orders
-- Say whether orders still have messages to send through a connection.
SELECT EXISTS (
    SELECT FROM orders
     WHERE workspace_id = %(workspace_id)s::bigint AND connection_id = %(connection_id)s::bigint
       AND state NOT IN ('drained', 'cancelled'));

-- name: archive
-- Take a connection out of use. Its secrets are forgotten.
UPDATE connections
   SET archived_at = now(), secrets = NULL, updated_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(connection_id)s::bigint AND archived_at IS NULL;

-- name: note-error
-- Remember why a connection does not work. The same trouble keeps its first moment.
UPDATE connections
   SET last_error = %(error)s::text, last_error_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(connection_id)s::bigint
   AND last_error <> %(error)s::text;

-- name: note-ok
-- Forget the trouble of a connection that works again.
UPDATE connections
   SET last_error = '', last_error_at = NULL
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(connection_id)s::bigint AND last_error <> '';
