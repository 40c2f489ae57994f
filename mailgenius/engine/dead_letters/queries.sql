-- name: record-acts
-- Write down what was done with some dead letters. A second time changes nothing.
INSERT INTO dead_letter_acts (workspace_id, message_id, attempt, act, run_id, done_by)
SELECT %(workspace_id)s::bigint, message_id, attempt, %(act)s::dead_letter_act, %(run_id)s::bigint,
       %(done_by)s::bigint
  FROM unnest(%(message_ids)s::bigint[], %(attempts)s::smallint[]) AS d (message_id, attempt)
ON CONFLICT (workspace_id, message_id, attempt) DO NOTHING

-- name: acts-of-message
-- What was done with earlier failures of a message.
SELECT attempt, act::text AS act, at
  FROM dead_letter_acts
 WHERE workspace_id = %(workspace_id)s::bigint AND message_id = %(message_id)s::bigint
 ORDER BY attempt

-- name: insert-run
-- Begin a replay or discarding of all that match a filter.
INSERT INTO dead_letter_runs (workspace_id, act, filter, created_by)
VALUES (%(workspace_id)s::bigint, %(act)s::dead_letter_act, %(filter)s::jsonb, %(created_by)s::bigint)
RETURNING id

-- name: get-run
-- One run with its progress.
SELECT id, act::text AS act, filter, after_id, done, skipped, created_by, created_at, finished_at
  FROM dead_letter_runs
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(run_id)s::bigint

-- name: lock-run
-- As get-run, locked: two jobs must not work on one step.
SELECT id, act::text AS act, filter, after_id, done, skipped, created_by, created_at, finished_at
  FROM dead_letter_runs
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(run_id)s::bigint
   FOR NO KEY UPDATE

-- name: open-runs
-- Runs that are at work.
SELECT id, act::text AS act, filter, after_id, done, skipped, created_by, created_at, finished_at
  FROM dead_letter_runs
 WHERE workspace_id = %(workspace_id)s::bigint AND finished_at IS NULL
 ORDER BY id DESC
 LIMIT 5

-- name: advance-run
-- Note a step of a run, or its end.
UPDATE dead_letter_runs
   SET after_id = %(after_id)s::bigint, done = done + %(done)s::int, skipped = skipped + %(skipped)s::int,
       finished_at = CASE WHEN %(finished)s::boolean THEN now() ELSE NULL END
 WHERE workspace_id = %(workspace_id)s::bigint AND id = %(run_id)s::bigint
