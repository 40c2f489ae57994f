-- What the soak does to a database from outside, and looks up behind the product's back. These statements write
-- and read the tables of every area, as no part of the product may: they play time, not a role.

-- name: set-clock
-- A clock that jumps ahead is a past that moves back: shift every moment that the engine compares with now.
WITH shifted AS (
    UPDATE batches SET not_before = not_before - %(by)s::interval, created_at = created_at - %(by)s::interval,
                       lease_until = lease_until - %(by)s::interval
     WHERE state <> 'done'
), lanes_shifted AS (
    UPDATE lanes SET wake_at = wake_at - %(by)s::interval WHERE wake_at <> 'infinity'
)
UPDATE deferrals SET due_at = due_at - %(by)s::interval

-- name: planned-waits
-- How long the messages of an order were told to wait for their next attempt, by recipient.
SELECT m.address, extract(epoch FROM d.due_at - m.updated_at)::float8 AS seconds
  FROM deferrals d
  JOIN messages m ON m.workspace_id = d.workspace_id AND m.id = d.message_id
 WHERE d.workspace_id = %(workspace_id)s::bigint AND d.order_id = %(order_id)s::bigint

-- name: due-now
-- Let the time pass until every deferred message of an order is due.
UPDATE deferrals SET due_at = now()
 WHERE workspace_id = %(workspace_id)s::bigint AND order_id = %(order_id)s::bigint

-- name: leases-of
-- How many batches are leased by engines of a process.
SELECT count(*) FROM batches WHERE state = 'leased' AND lease_owner LIKE '%%:' || %(pid)s::text || ':%%'

-- name: lease-for-nobody
-- Lease some ready batches of an order to an engine that is not there, with a window open over their first messages.
WITH picked AS MATERIALIZED (
    SELECT id
      FROM batches
     WHERE workspace_id = %(workspace_id)s::bigint AND order_id = %(order_id)s::bigint AND state = 'ready'
     ORDER BY id DESC
     LIMIT %(limit)s::int
       FOR UPDATE SKIP LOCKED
)
UPDATE batches
   SET state = 'leased', lease_owner = 'nowhere:0:dead', lease_until = now() + interval '12 seconds',
       window_from = first_id, window_to = first_id, window_size = 1
 WHERE workspace_id = %(workspace_id)s::bigint AND id IN (SELECT id FROM picked)

-- name: attempts-of
-- The recipients of an order whose attempts came to an outcome, with how many attempts these were.
SELECT m.address, count(*)
  FROM attempts a
  JOIN messages m ON m.workspace_id = a.workspace_id AND m.id = a.message_id
 WHERE a.workspace_id = %(workspace_id)s::bigint AND a.order_id = %(order_id)s::bigint
   AND a.outcome = %(outcome)s::text
 GROUP BY m.address
