-- name: open-bucket
-- Make the bucket of a connection that is paced for the first time.
INSERT INTO pace_buckets (workspace_id, connection_id)
VALUES (%(workspace_id)s::bigint, %(connection_id)s::bigint)
ON CONFLICT DO NOTHING

-- name: take-tokens
-- Reserve the next stretch of a connection's time for some messages, if it begins soon and the day has room.
-- The generic cell rate algorithm without a burst: each stretch lasts count / per_second, and the next begins
-- after it, so that no second holds more than the limit, whoever asks. A lost grant costs pace, never safety:
-- the commit need not reach the disk.
WITH bucket AS MATERIALIZED (
    SELECT next_free_at, clock_timestamp() AS asked_at,
           CASE WHEN day = (now() AT TIME ZONE 'UTC')::date THEN day_used ELSE 0 END AS used,
           set_config('synchronous_commit', 'off', true) AS unhurried
      FROM pace_buckets
     WHERE workspace_id = %(workspace_id)s::bigint AND connection_id = %(connection_id)s::bigint
       FOR NO KEY UPDATE
), granted AS MATERIALIZED (
    SELECT greatest(next_free_at, asked_at) AS begins_at, asked_at, used,
           CASE WHEN next_free_at > asked_at + %(soon)s::interval THEN 0
                ELSE greatest(0, least(%(wanted)s::int, coalesce(%(per_day)s::int - used, %(wanted)s::int)))
           END AS tokens
      FROM bucket
), taken AS (
    UPDATE pace_buckets b
       SET next_free_at = CASE WHEN %(per_second)s::int IS NULL THEN g.begins_at
                               ELSE g.begins_at + make_interval(secs => g.tokens / %(per_second)s::float8) END,
           day = (now() AT TIME ZONE 'UTC')::date, day_used = g.used + g.tokens
      FROM granted g
     WHERE b.workspace_id = %(workspace_id)s::bigint AND b.connection_id = %(connection_id)s::bigint
       AND g.tokens > 0
)
SELECT tokens,
       CASE WHEN tokens = 0 AND %(per_day)s::int <= used
            THEN extract(epoch FROM (date_trunc('day', now(), 'UTC') + interval '1 day') - asked_at)
            ELSE extract(epoch FROM begins_at - asked_at) END::float8 AS wait
  FROM granted

-- name: return-tokens
-- Give tokens of today back that were not used. The stretch of time is not given back.
UPDATE pace_buckets
   SET day_used = greatest(0, day_used - %(count)s::int)
 WHERE workspace_id = %(workspace_id)s::bigint AND connection_id = %(connection_id)s::bigint
   AND day = (now() AT TIME ZONE 'UTC')::date
