-- name: insert
-- Create a connection; its secrets follow, because their seal is bound to its id.
INSERT INTO connections (workspace_id, name, channel, provider, settings, per_second, per_minute,
                         per_hour, per_day, weight, sender_domains,
                         warm_up_start, warm_up_factor, warm_up_target, warm_up_from)
VALUES (%(workspace_id)s::bigint, %(name)s, %(channel)s, %(provider)s, %(settings)s::jsonb,
        %(per_second)s::int, %(per_minute)s::int, %(per_hour)s::int, %(per_day)s::int,
        %(weight)s::smallint, %(sender_domains)s::text[], %(warm_up_start)s::int, %(warm_up_factor)s::numeric,
        %(warm_up_target)s::int, CASE WHEN %(warm_up_start)s::int > 0 THEN (now() AT TIME ZONE 'UTC')::date END)
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
       per_day = %(per_day)s::int, weight = %(weight)s::smallint, sender_domains = %(sender_domains)s::text[],
       warm_up_start = %(warm_up_start)s::int, warm_up_factor = %(warm_up_factor)s::numeric,
       warm_up_target = %(warm_up_target)s::int,
       -- A plan that is the same goes on; another one begins today.
       warm_up_from = CASE WHEN %(warm_up_start)s::int IS NULL THEN NULL
                           WHEN (warm_up_start, warm_up_factor, warm_up_target)
                                IS NOT DISTINCT FROM (%(warm_up_start)s::int, %(warm_up_factor)s::numeric(4, 2),
                                                      %(warm_up_target)s::int) THEN warm_up_from
                           ELSE (now() AT TIME ZONE 'UTC')::date END,
       version = version + 1, last_error = '', last_error_at = NULL, updated_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(connection_id)s::bigint;

-- name: get
-- One connection, archived or not.
SELECT id, name, channel, provider, settings, secrets IS NOT NULL AS has_secrets, per_second, per_minute,
       per_hour, per_day, weight, sender_domains, warm_up_start, warm_up_factor::float8, warm_up_target, warm_up_from,
       day_ceiling(per_day, warm_up_start, warm_up_factor, warm_up_target, warm_up_from,
                   (now() AT TIME ZONE 'UTC')::date) AS ceiling,
       version, last_error, last_error_at, created_at, archived_at
  FROM connections
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(connection_id)s::bigint;

-- name: list
-- The connections of a workspace that are not archived, by name.
SELECT id, name, channel, provider, settings, secrets IS NOT NULL AS has_secrets, per_second, per_minute,
       per_hour, per_day, weight, sender_domains, warm_up_start, warm_up_factor::float8, warm_up_target, warm_up_from,
       day_ceiling(per_day, warm_up_start, warm_up_factor, warm_up_target, warm_up_from,
                   (now() AT TIME ZONE 'UTC')::date) AS ceiling,
       version, last_error, last_error_at, created_at, archived_at
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

-- name: trip
-- Open the circuit of a connection that failed as a whole, or whose warm-up pauses; returns its failures in a row.
-- Windows that fail together count once, and so do reasons to pause the warm-up: then no row.
INSERT INTO circuits AS c (workspace_id, connection_id, reason, pauses_warm_up, retry_at)
VALUES (%(workspace_id)s::bigint, %(connection_id)s::bigint, %(reason)s::text, %(pauses_warm_up)s::boolean,
        now() + coalesce(%(asked)s::interval, (%(waits)s::interval[])[1]))
ON CONFLICT (workspace_id, connection_id) DO UPDATE
   SET state = 'open', failures = c.failures + 1, reason = excluded.reason, probe_until = NULL,
       pauses_warm_up = excluded.pauses_warm_up,
       retry_at = now() + coalesce(%(asked)s::interval,
                                   (%(waits)s::interval[])[least(c.failures + 1, cardinality(%(waits)s::interval[]))])
 WHERE c.state = 'half_open' OR c.retry_at <= now()
    OR (now() + %(asked)s::interval > c.retry_at AND NOT c.pauses_warm_up)
RETURNING failures

-- name: close-circuit
-- Let a connection be used again, whatever it rests for.
DELETE FROM circuits
 WHERE workspace_id = %(workspace_id)s::bigint AND connection_id = %(connection_id)s::bigint

-- name: close-circuit-that-works
-- A connection works again; returns how often in a row it had failed and for how long. One whose warm-up pauses
-- worked all the time: it rests until its time.
DELETE FROM circuits
 WHERE workspace_id = %(workspace_id)s::bigint AND connection_id = %(connection_id)s::bigint
   AND (NOT pauses_warm_up OR retry_at <= now())
RETURNING failures, extract(epoch FROM now() - opened_at)::bigint AS seconds

-- name: begin-probe
-- Let one engine try a connection whose rest is over; no row when another one is trying it.
UPDATE circuits
   SET state = 'half_open', probe_until = now() + %(probe)s::interval
 WHERE workspace_id = %(workspace_id)s::bigint AND connection_id = %(connection_id)s::bigint
   AND retry_at <= now() AND (state = 'open' OR probe_until <= now())
RETURNING connection_id

-- name: end-probe
-- End a trial that said nothing of the connection, so that the next one need not wait for its limit.
UPDATE circuits
   SET probe_until = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND connection_id = %(connection_id)s::bigint
   AND state = 'half_open'

-- name: circuits
-- Connections that do not work at the moment, of one workspace or of all.
-- all workspaces: every engine sends for all, and operators look at all; doors see their own alone.
SELECT c.workspace_id, c.connection_id, n.name, c.state, c.failures, c.reason, c.opened_at, c.retry_at,
       c.probe_until, c.pauses_warm_up, extract(epoch FROM c.retry_at - now())::float8 AS rests_s,
       (c.probe_until > now()) IS TRUE AS probed
  FROM circuits c JOIN connections n ON n.workspace_id = c.workspace_id AND n.id = c.connection_id
 WHERE (%(workspace_id)s::bigint IS NULL OR c.workspace_id = %(workspace_id)s::bigint)
   AND n.archived_at IS NULL
 ORDER BY c.workspace_id, c.connection_id

-- name: hold-growth
-- Let a connection that warms up stay at today's ceiling for a day longer.
UPDATE connections
   SET warm_up_from = warm_up_from + 1
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(connection_id)s::bigint AND warm_up_from IS NOT NULL
