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
