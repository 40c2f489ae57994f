-- name: applied-migrations
-- The migrations that this database has had.
SELECT name FROM schema_migrations;

-- name: secret-key-mark
-- The mark of the secret key that this database belongs to.
SELECT mark FROM secret_key_mark;

-- name: leave-secret-key-mark
-- Leave the mark of a secret key, unless another one is there.
INSERT INTO secret_key_mark (mark) VALUES (%(mark)s::bytea) ON CONFLICT DO NOTHING;

-- name: renew-secret-key-mark
-- Put the mark of a secret key in the place of the one before.
INSERT INTO secret_key_mark (mark) VALUES (%(mark)s::bytea)
ON CONFLICT (one_row) DO UPDATE SET mark = excluded.mark;

-- name: rewritten-leads
-- How many rows of leads were ever written anew, in all workspaces, as PostgreSQL counts them.
SELECT n_tup_upd FROM pg_stat_user_tables WHERE schemaname = 'public' AND relname = 'leads';

-- name: gauges
-- all workspaces: the numbers of /metrics are about the installation, and name no workspace_id.
-- Counters are read for open orders only, so the cost follows the work under way, not the history.
SELECT 'mailgenius_messages' AS name, jsonb_build_object('state', c.state) AS labels, sum(c.n)::float8 AS value
  FROM orders o
  JOIN message_counts c ON c.workspace_id = o.workspace_id AND c.order_id = o.id
 WHERE o.drained_at IS NULL AND o.state IN ('filling', 'running', 'held')
 GROUP BY c.state
 UNION ALL
SELECT 'mailgenius_orders', jsonb_build_object('state', state), count(*)
  FROM orders WHERE drained_at IS NULL GROUP BY state
 UNION ALL
SELECT 'mailgenius_batches', jsonb_build_object('state', state), count(*)
  FROM batches WHERE state <> 'done' GROUP BY state
 UNION ALL
SELECT 'mailgenius_oldest_batch_wait_seconds', '{}', coalesce(extract(epoch FROM now() - min(not_before)), 0)
  FROM batches WHERE state = 'ready' AND not_before <= now()
 UNION ALL
SELECT 'mailgenius_expired_leases', '{}', count(*) FROM batches WHERE state = 'leased' AND lease_until < now()
 UNION ALL
SELECT 'mailgenius_sending_workspaces', '{}', count(DISTINCT workspace_id) FROM batches WHERE state <> 'done'
 UNION ALL
SELECT 'mailgenius_deferrals',
       jsonb_build_object('when', CASE WHEN due_at <= now() THEN 'due' ELSE 'waiting' END), count(*)
  FROM deferrals GROUP BY 2
 UNION ALL
SELECT 'mailgenius_jobs', jsonb_build_object('status', status), count(*) FROM procrastinate_jobs
 WHERE status IN ('todo', 'doing', 'failed') GROUP BY status
 UNION ALL
SELECT 'mailgenius_imports', jsonb_build_object('state', state), count(*)
  FROM imports WHERE state IN ('queued', 'running') GROUP BY state
 UNION ALL
SELECT 'mailgenius_failing_connections', '{}', count(*)
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

-- name: queues
-- What waits and what is under way, by channel and priority: messages by the kept counters, the rest by batches.
-- all workspaces: for the owner of the installation; else of one workspace_id.
WITH open AS MATERIALIZED (
    SELECT workspace_id, id, channel, priority
      FROM orders
     WHERE drained_at IS NULL AND state IN ('filling', 'running', 'held')
       AND (%(workspace_id)s::bigint IS NULL OR workspace_id = %(workspace_id)s::bigint)
), counted AS (
    SELECT o.channel, o.priority, coalesce(sum(c.n) FILTER (WHERE c.state = 'queued'), 0)::bigint AS queued,
           coalesce(sum(c.n) FILTER (WHERE c.state = 'deferred'), 0)::bigint AS deferred
      FROM open o
      JOIN message_counts c ON c.workspace_id = o.workspace_id AND c.order_id = o.id
     WHERE c.state IN ('queued', 'deferred')
     GROUP BY o.channel, o.priority
), worked AS (
    SELECT o.channel, o.priority, coalesce(sum(b.window_size), 0)::bigint AS on_wire,
           count(*) FILTER (WHERE b.state = 'ready' AND b.not_before <= now()) AS due_batches,
           count(*) FILTER (WHERE b.state = 'leased') AS leased_batches,
           coalesce(extract(epoch FROM now() - min(b.not_before)
                                         FILTER (WHERE b.state = 'ready' AND b.not_before <= now())), 0)::float8
               AS oldest_seconds
      FROM open o
      JOIN batches b ON b.workspace_id = o.workspace_id AND b.order_id = o.id
     WHERE b.state <> 'done'
     GROUP BY o.channel, o.priority
)
SELECT channel, priority, coalesce(c.queued, 0) AS queued, coalesce(c.deferred, 0) AS deferred,
       coalesce(w.on_wire, 0) AS on_wire, coalesce(w.due_batches, 0) AS due_batches,
       coalesce(w.leased_batches, 0) AS leased_batches, coalesce(w.oldest_seconds, 0) AS oldest_seconds
  FROM counted c FULL JOIN worked w USING (channel, priority)
 WHERE coalesce(c.queued, 0) + coalesce(c.deferred, 0) + coalesce(w.leased_batches, 0) > 0
 ORDER BY channel, priority;

-- name: lately
-- What happened lately, by the kept counters of orders under way and of those drained lately: messages without an
-- answer, and those handed over since the hour began.
-- all workspaces: for the owner of the installation; else of one workspace_id.
WITH looked AS MATERIALIZED (
    SELECT workspace_id, id
      FROM orders
     WHERE drained_at IS NULL
       AND (%(workspace_id)s::bigint IS NULL OR workspace_id = %(workspace_id)s::bigint)
     UNION ALL
    SELECT workspace_id, id
      FROM orders
     WHERE drained_at > now() - %(lately)s::interval
       AND (%(workspace_id)s::bigint IS NULL OR workspace_id = %(workspace_id)s::bigint)
)
SELECT coalesce((SELECT sum(c.n)
                   FROM looked l
                   JOIN message_counts c ON c.workspace_id = l.workspace_id AND c.order_id = l.id
                  WHERE c.state = 'unknown'), 0)::bigint AS unknown,
       coalesce((SELECT sum(c.n)
                   FROM looked l
                   JOIN message_counts c ON c.workspace_id = l.workspace_id AND c.order_id = l.id
                  WHERE c.hour = date_trunc('hour', now())
                    AND c.state IN ('accepted', 'delivered', 'bounced', 'complained')), 0)::bigint AS sent_this_hour;

-- name: deferred-by-reason
-- Why messages wait: for their turn or their time, or, after an attempt, by the provider's code at the last one; some
-- thousand are looked at, which bounds the cost.
-- all workspaces: for the owner of the installation; else of one workspace_id.
WITH looked AS MATERIALIZED (
    SELECT workspace_id, message_id, reason
      FROM deferrals
     WHERE %(workspace_id)s::bigint IS NULL OR workspace_id = %(workspace_id)s::bigint
     LIMIT %(limit)s::int
), asked AS MATERIALIZED (
    SELECT workspace_id, max(reason) AS reason
      FROM pace_holds
     WHERE until > now() AND (%(workspace_id)s::bigint IS NULL OR workspace_id = %(workspace_id)s::bigint)
     GROUP BY workspace_id
)
SELECT l.reason AS waits_for, coalesce(a.code, '') AS code, coalesce(max(a.reason), max(h.reason), '') AS example,
       count(*) AS messages
  FROM looked l
  LEFT JOIN LATERAL (SELECT code, reason
                       FROM attempts
                      WHERE workspace_id = l.workspace_id AND message_id = l.message_id AND l.reason = 'retry'
                      ORDER BY number DESC
                      LIMIT 1) a ON true
  LEFT JOIN asked h ON l.reason = 'asked' AND h.workspace_id = l.workspace_id
 GROUP BY 1, 2
 ORDER BY messages DESC, 1, 2
 LIMIT 20;

-- name: jobs
-- Background jobs that wait, run, or have failed for good.
SELECT count(*) FILTER (WHERE status = 'todo') AS waiting, count(*) FILTER (WHERE status = 'doing') AS running,
       count(*) FILTER (WHERE status = 'failed') AS failed
  FROM procrastinate_jobs
 WHERE status IN ('todo', 'doing', 'failed');

-- name: uploads-in-use
-- Which of these stored files an import still has to read. An import removes its file when it is over.
-- all workspaces: upkeep; a key holds its workspace_id.
SELECT file_key FROM imports WHERE state IN ('queued', 'running') AND file_key = ANY (%(keys)s::text[]);
