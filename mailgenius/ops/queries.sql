-- name: applied-migrations
-- The migrations that this database has had.
SELECT name FROM schema_migrations;

-- name: gauges
-- all workspaces: the numbers of /metrics are about the installation, and name no workspace_id.
-- Counters are read for open orders only, so the cost follows the work under way, not the history.
SELECT 'mailgenius_messages' AS name, c.state::text AS label, sum(c.n)::float8 AS value
  FROM orders o
  JOIN message_counts c ON c.workspace_id = o.workspace_id AND c.order_id = o.id
 WHERE o.state IN ('filling', 'running', 'held')
 GROUP BY c.state
 UNION ALL
SELECT 'mailgenius_orders', state::text, count(*) FROM orders WHERE state <> 'drained' GROUP BY state
 UNION ALL
SELECT 'mailgenius_batches', state::text, count(*) FROM batches WHERE state <> 'done' GROUP BY state
 UNION ALL
SELECT 'mailgenius_oldest_batch_wait_seconds', NULL,
       coalesce(extract(epoch FROM now() - min(not_before)), 0)
  FROM batches WHERE state = 'ready' AND not_before <= now()
 UNION ALL
SELECT 'mailgenius_expired_leases', NULL, count(*) FROM batches WHERE state = 'leased' AND lease_until < now()
 UNION ALL
SELECT 'mailgenius_sending_workspaces', NULL, count(DISTINCT workspace_id) FROM batches WHERE state <> 'done'
 UNION ALL
SELECT 'mailgenius_deferrals', CASE WHEN due_at <= now() THEN 'due' ELSE 'waiting' END, count(*)
  FROM deferrals GROUP BY 2
 UNION ALL
SELECT 'mailgenius_jobs', status::text, count(*) FROM procrastinate_jobs
 WHERE status IN ('todo', 'doing', 'failed') GROUP BY status
 UNION ALL
SELECT 'mailgenius_imports', state::text, count(*) FROM imports WHERE state IN ('queued', 'running') GROUP BY state
 UNION ALL
SELECT 'mailgenius_failing_connections', NULL, count(*)
  FROM connections WHERE last_error <> '' AND archived_at IS NULL;

-- name: latest-checks
-- The last result of each way to check the books.
SELECT way, checked_at, taken, difference, orders FROM conservation_checks;

-- name: keep-check
-- Keep the result of a check of the books in the place of the one before.
INSERT INTO conservation_checks AS c (way, checked_at, taken, difference, orders)
VALUES (%(way)s::text, now(), %(taken)s::bigint, %(difference)s::bigint, %(orders)s::int)
ON CONFLICT (way) DO UPDATE
   SET checked_at = excluded.checked_at, taken = excluded.taken, difference = excluded.difference,
       orders = excluded.orders
RETURNING way, checked_at, taken, difference, orders;

-- name: beat
-- An engine that was heard of before tells how it is. Nothing waits for the disk: the next telling is near.
WITH light AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true)
)
UPDATE engines
   SET state = %(state)s::text, seen_at = now(), rate = %(rate)s::float8, busy = %(busy)s::float8,
       batches = %(batches)s::int, memory_bytes = %(memory_bytes)s::bigint, samples = %(samples)s::jsonb
  FROM light
 WHERE id = %(id)s::text;

-- name: add-engine
-- An engine tells of itself for the first time, or again after it was taken for dead.
INSERT INTO engines (id, host, pid, state, started_at, rate, busy, batches, memory_bytes, samples)
VALUES (%(id)s::text, %(host)s::text, %(pid)s::int, %(state)s::text, %(started_at)s::timestamptz, %(rate)s::float8,
        %(busy)s::float8, %(batches)s::int, %(memory_bytes)s::bigint, %(samples)s::jsonb);

-- name: retire-engines
-- Take away an engine that stops, and those not heard of for a while. What they have counted stays in the sum.
WITH gone AS (
    DELETE FROM engines WHERE id = %(id)s::text OR seen_at < now() - %(unseen)s::interval
    RETURNING samples
)
INSERT INTO engine_totals AS t (name, labels, value)
SELECT s.name, s.labels, sum(s.value)
  FROM gone, jsonb_to_recordset(gone.samples) AS s (name text, labels jsonb, value float8)
 GROUP BY s.name, s.labels
 ORDER BY s.name, s.labels
ON CONFLICT (name, labels) DO UPDATE SET value = t.value + excluded.value;

-- name: engines-alive
-- The engines that were heard of lately, the oldest first.
SELECT id, host, pid, state, started_at, seen_at, rate, busy, batches, memory_bytes
  FROM engines
 WHERE seen_at > now() - %(unseen)s::interval
 ORDER BY started_at, id;

-- name: engine-samples
-- What all engines have counted, those that are gone included.
SELECT name, labels, sum(value) AS value
  FROM (SELECT name, labels, value FROM engine_totals
         UNION ALL
        SELECT s.name, s.labels, s.value
          FROM engines e, jsonb_to_recordset(e.samples) AS s (name text, labels jsonb, value float8)) counted
 GROUP BY name, labels
 ORDER BY name;

-- name: waiting-batches
-- How many batches could be claimed now, up to a limit.
-- all workspaces: engines serve every workspace_id.
SELECT count(*)
  FROM (SELECT FROM batches WHERE state = 'ready' AND not_before <= now() LIMIT %(limit)s::int) waiting;
